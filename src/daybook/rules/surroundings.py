"""What else stands in a repository, told from its paths: other formats of notes, agents, runners of git hooks."""
from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection
from collections.abc import Iterable

# what Daybook leaves alone: the name by which people know a format, a word of its paths, and their pattern
_FORMATS = tuple((name, word, re.compile(pattern, re.I)) for name, word, pattern in (
    ('Obsidian vault', '.obsidian/', r'(?:^|/)\.obsidian/'),
    ('log4brains', '.log4brains', r'^\.log4brains\.ya?ml$'),
    ('memory bank', 'memory-bank/', r'(?:^|/)memory-bank/'),
    ('memory bank', 'memory_bank/', r'(?:^|/)memory_bank/'),
    ('SpecStory history', '.specstory/', r'(?:^|/)\.specstory/'),
    ('beads', '.beads/', r'(?:^|/)\.beads/'),
    ('Serena memories', '.serena/', r'(?:^|/)\.serena/memories/'),
    ('claude-mem', '.claude-mem/', r'(?:^|/)\.claude-mem/'),
    ('OpenSpec', 'openspec/', r'(?:^|/)openspec/'),
    ('Spec Kit', '.specify/', r'(?:^|/)\.specify/'),
    ('Backlog.md', 'backlog/', r'(?:^|/)backlog/(?:tasks|config\.yml)'),
    ('Task Master', '.taskmaster/', r'(?:^|/)\.taskmaster/'),
    ('Kiro', '.kiro/', r'(?:^|/)\.kiro/'),
    ('BMAD', 'bmad', r'(?:^|/)_?\.?bmad(?:-core)?/'),
    ('thoughts', 'thoughts/', r'(?:^|/)thoughts/shared/'),
    ('Logseq', 'logseq/', r'(?:^|/)logseq/config\.edn$'),
    ('Dendron', 'dendron.y', r'(?:^|/)dendron\.ya?ml$'),
    ('zk notebook', '.zk/', r'(?:^|/)\.zk/config\.toml$'),
    ('MkDocs site', 'mkdocs.y', r'(?:^|/)mkdocs\.ya?ml$'),
    ('Docusaurus site', 'docusaurus.', r'(?:^|/)docusaurus\.config\.\w+$'),
    ('Astro site', 'astro.config.', r'(?:^|/)astro\.config\.\w+$'),
    ('Jekyll site', '_config.yml', r'(?:^|/)_config\.yml$'),
))
_AGENTS = tuple((re.compile(pattern), name) for pattern, name in (
    (r'^\.claude/', 'Claude Code'), (r'^\.codex/', 'Codex'), (r'^\.gemini/', 'Gemini'), (r'^\.cursor/', 'Cursor'),
    (r'^\.opencode/', 'opencode'), (r'^\.github/copilot-instructions\.md$', 'Copilot'),
    (r'^\.agents?/', 'agents folder'),
    (r'^\.windsurf', 'Windsurf'), (r'^\.clinerules', 'Cline')))
_SETTINGS = re.compile(r'(?:^|/)(?:\.claude/settings(?:\.local)?\.json|\.mcp\.json|\.codex/(?:config\.toml|hooks\.json)'
                       r'|\.gemini/settings\.json|\.cursor/mcp\.json|\.cursor/hooks\.json|opencode\.jsonc?)$')
_COMMAND = re.compile(
    r'^\.(?:claude|agents?|codex|cursor|gemini|opencode|github)/(?:commands?|skills|prompts|workflows)/')
_SESSION = r'(?:session|sessie|sesi[oó]n|sess[aã]o|sitzung)'
_END = r'(?:end|einde|close|finish|log|save|afsluiten|cerrar|cierre|fin|encerrar|fim|beenden)'
_START = r'(?:start|begin|open|restore|load|inici)'
_HANDOFF = re.compile(rf'hand-?_?(?:off|over)|resume|(?:^|[-_/]){_SESSION}(?:$|[-_/])|^checkpoint$'
                      r'|^wrap(?:-up)?$|^begin$|^continu(?:e|ar)$|catch-?up|save-context|journal', re.I)
_PURPOSES = (
    ('handoff', re.compile(r'hand-?_?(?:off|over)|^wrap(?:-up)?$|checkpoint|save-context|journal'
                           rf'|{_END}-{_SESSION}|{_SESSION}-?(?:{_END}|wrap|note)', re.I)),
    ('resume', re.compile(r'resume|^begin$|continu(?:e|ar)|catch-?up'
                          rf'|{_START}-{_SESSION}|{_SESSION}-?(?:{_START}|init)', re.I)),
)
_RUNNERS = tuple((re.compile(pattern), name) for pattern, name in (
    (r'^\.pre-commit-config\.ya?ml$', 'pre-commit'), (r'^prek\.toml$', 'prek'),
    (r'^\.?lefthook\.(?:ya?ml|toml|json)$', 'lefthook'),
    (r'^\.husky/', 'husky'), (r'^\.githooks/', '.githooks')))
_COMMIT_POLICY = re.compile(r'^\.?commitlint(?:rc)?(?:\.config)?(?:\.\w+)?$|^\.czrc$|^\.cz\.toml$')


def _root_of(path: str, match: re.Match[str]) -> str:
    return path[:match.end()].rstrip('/')


def other_formats(paths: Collection[str]) -> list[tuple[str, str, int]]:
    """Return name, place and number of files of each format that has its own keeper, the largest first."""
    everything = '\n'.join(paths).lower()
    found: Counter[tuple[str, str]] = Counter()
    for name, word, pattern in _FORMATS:
        if word in everything:
            found.update((name, _root_of(path, match)) for path in paths if (match := pattern.search(path)))
    ordered = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    return [(name, place, count) for (name, place), count in ordered]


def _named(table: tuple[tuple[re.Pattern[str], str], ...], paths: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(name for pattern, name in table for path in paths if pattern.search(path)))


# what makes a public site of a folder: what it is, the file that tells, and the folder below that file's own
_PUBLISHERS = tuple((name, re.compile(pattern, re.I), below) for name, pattern, below in (
    ('MkDocs', r'(?:^|/)mkdocs\.ya?ml$', 'docs'),
    ('Docusaurus', r'(?:^|/)docusaurus\.config\.\w+$', 'docs'),
    ('Jekyll or GitHub Pages', r'(?:^|/)(?:_config\.yml|CNAME|\.nojekyll)$', ''),
    ('GitHub Pages', r'^docs/index\.html$', ''),
    ('VitePress', r'(?:^|/)\.vitepress/config\.\w+$', '..'),
    ('docsify', r'(?:^|/)_sidebar\.md$', ''),
    ('Sphinx', r'^docs/(?:source/)?conf\.py$', ''),
    ('mdBook', r'(?:^|/)book\.toml$', 'src'),
    ('Hugo', r'(?:^|/)hugo\.(?:toml|ya?ml|json)$', 'content'),
    ('Astro', r'(?:^|/)astro\.config\.\w+$', 'src/content'),
))


def published(paths: Iterable[str]) -> list[tuple[str, str]]:
    """Return what publishes a folder as a site and that folder, `` for the root."""
    found: dict[str, str] = {}
    for path in paths:
        for name, pattern, below in _PUBLISHERS:
            if pattern.search(path):
                folder = path.rpartition('/')[0]
                parts = folder.split('/')[:-1] if below == '..' else [folder, below]
                found.setdefault('/'.join(part for part in parts if part), name)
    return [(name, folder) for folder, name in found.items()]


def agents(paths: list[str]) -> list[str]:
    """Return the agents that have files of their own here."""
    return _named(_AGENTS, [path for path in paths if path.startswith('.')])


def runners(paths: list[str]) -> list[str]:
    """Return the runners of git hooks that are configured here."""
    return _named(_RUNNERS, [path for path in paths if path.startswith(('.', 'prek', 'lefthook'))])


def settings(paths: Iterable[str]) -> list[str]:
    """Return the files in which agents are told their hooks and servers."""
    return [path for path in paths if _SETTINGS.search(path)]


def instructions(paths: Iterable[str]) -> list[str]:
    """Return the files that every agent reads first: AGENTS.md and its likes, the root's before the others."""
    names = ('AGENTS.md', 'CLAUDE.md', 'GEMINI.md')
    found = [path for path in paths if path.rsplit('/', 1)[-1] in names or path.upper() in map(str.upper, names)]
    return sorted(found, key=lambda path: (path.count('/'), path))


def handoff_commands(paths: Iterable[str]) -> dict[str, str]:
    """Return the agents' commands and skills that already hand off or resume, by path, with the name one types."""
    named = {path: command_name(path, match.end()) for path in paths if (match := _COMMAND.match(path))
             and (path.count('/') < 3 or path.upper().endswith('/SKILL.MD'))}
    return {path: name for path, name in named.items() if _HANDOFF.search(name)}


def purposes(name: str) -> list[str]:
    """Return which of our commands, `handoff` and `resume`, a command called `name` does the work of; both when in doubt."""
    found = [purpose for purpose, pattern in _PURPOSES if pattern.search(name)]
    return found or [purpose for purpose, _ in _PURPOSES if _HANDOFF.search(name)]


def command_name(path: str, start: int = 0) -> str:
    """Return what a person types for the command or skill at `path`: `handoff` of `.claude/commands/handoff.md`."""
    inner = path[start:].split('/')
    name = inner[-2] if len(inner) > 1 and inner[-1].upper() == 'SKILL.MD' else inner[-1].rsplit('.', 1)[0]
    return name.removesuffix('.prompt')


def commit_policies(paths: Iterable[str]) -> list[str]:
    """Return the files that rule how a commit message must read."""
    return [path for path in paths if _COMMIT_POLICY.match(path)]
