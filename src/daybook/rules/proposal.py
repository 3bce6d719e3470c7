"""The settings that fit what `inventory` found; `init` writes them, so both always say the same."""
from __future__ import annotations

import os
import re
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from daybook.documents.file_names import stem_of

# words by which people title a section, in the languages met so far, and the section that Daybook knows it as
_SECTIONS = {
    'Summary': 'summary|session summary|executive summary|overview|tl;?dr|at a glance'
               '|samenvatting|resumo(?: da sessão| executivo)?|zusammenfassung|resumen(?: de la sesión| ejecutivo)?'
               '|résumé(?: de la session)?|riassunto|(?:резюме|краткое содержание|обзор|итоги)(?: сессии)?'
               '|(?:会话)?(?:总结|摘要|概述)|總結|概要|まとめ|요약',
    'What I Did': 'what (?:i|we) did|what was (?:done|accomplished)|what happened.*|what (?:shipped|landed|changed)'
                  '|work (?:done|completed)|completed(?: work)?|done|accomplish(?:ed|ments)|changes(?: made)?|actions'
                  '|wat is gedaan|o que foi feito.*|qué se hizo|lo que se hizo|ce qui a été fait|was wurde gemacht|erledigt'
                  '|(?:что )?сделано.*|выполненн(?:ые задачи|ая работа)|.*やったこと|実施内容|作業内容|(?:已|本次)完成.*',
    'Decisions Made': '(?:key )?decisions?(?: made)?(?: / .*)?|besluiten'
                      '|decis(?:ões|iones)(?: tomadas)?|entscheidungen|décisions(?: prises)?|(?:принятые |ключевые )?решения'
                      '|決定事項|(?:关键|重要)?决策',
    'For Future Me': '(?:durable|important|key) context|gotchas|notes for (?:the )?next session|watch out',
    'Learnings': '(?:key )?learnings?|lessons?(?: learned)?|what we learned|lições.*|geleerd|aprendiza(?:dos|jes)|выводы|уроки'
                 '|学び|经验(?:教训)?',
    'Open Questions': 'open (?:questions|items|issues|points|risks)\\b.*|blockers|known issues|outstanding|openstaand'
                      '|questões em aberto|preguntas abiertas|открытые вопросы|未解決.*|遗留问题|待解决.*',
    'Resume Prompt': '(?:recommended |immediate )?next (?:steps|session|actions?|up)\\b.*|next|what\'?s next'
                     '|for next session|resume(?: prompt| here)?|how to (?:resume|continue)|remaining(?: work)?|todo|pending'
                     '|próximos? passos.*|próxima sessão.*|próximos pasos.*|volgende (?:sessie|stappen).*|nächste (?:schritte|sitzung).*'
                     '|prochaines étapes.*|prossimi passi.*|следующ(?:ие шаги|ий шаг|ая сессия).*|что дальше|наступні кроки.*'
                     '|次に(?:やる|すべき).*|次回.*|次のステップ|下一步.*|下次.*|后续(?:步骤|计划|工作).*|다음 (?:단계|작업|세션).*',
    'See Also': 'see also|references|cross-?references|related(?: .*)?|links|ver também|referências|referencias|ссылки|参考(?:资料)?',
    'Files Touched': 'files (?:touched|changed|modified|created)\\b.*|arquivos (?:modificados|alterados|criados).*'
                     '|изм[её]н[её]нные файлы|変更ファイル|関連ファイル|(?:变更|修改)(?:的)?文件',
    'Commits': 'commits?(?: made)?',
}
_KEYS = {'operator': ('operator', 'author', 'who', 'by'),
         'created': ('created', 'date', 'created_at', 'timestamp', 'session_date'),
         'summary': ('summary', 'tldr', 'description', 'abstract'),
         'workstream': ('workstream', 'project', 'stream', 'track')}
_DEFAULT_PATHS = {'session': 'docs/sessions/**/*.md', 'adr': 'docs/adr/**/*.md', 'plan': 'plans/**/*.md',
                  'learning': 'docs/learnings/**/*.md', 'workstream': 'workstreams/**/*.md'}
_PLACES = 8  # folders of one kind; beyond these a person should choose


def literal(text: str) -> str:
    """Return the glob that matches `text` alone."""
    return re.sub(r'[*?\[{]', r'[\g<0>]', text)


def _stem(path: str) -> str:
    return stem_of(path).casefold()


class _Names:
    """The names that notes have taken: two notes of one name would share an id."""

    def __init__(self) -> None:
        self.taken: set[str] = set()
        self.excluded: list[str] = []

    def take(self, paths: Sequence[str]) -> bool:
        """Take the names of `paths`, leaving out a few that are taken; return False when they are too many."""
        mine: set[str] = set()
        twice = []
        for path in paths:
            name = _stem(path)
            if name in self.taken or name in mine:
                twice.append(path)
            mine.add(name)
        if not paths or len(twice) > len(paths) // 10 + (len(paths) > 3):
            return False
        self.taken |= mine
        self.excluded += twice
        return True


def _folder_glob(place: Mapping[str, Any], names: _Names) -> str | None:
    """Return the widest glob of a folder below which notes can be told apart by their names, or None."""
    prefix = f'{place["folder"]}/'
    direct = [path for path in place['paths'] if '/' not in path.removeprefix(prefix)]
    for paths, glob in ((place['paths'], '**/*.md'), (direct, '*.md')):
        if names.take(paths):
            return literal(prefix) + glob
    return None


def _shared_glob(prefix: str, word: str, paths: Sequence[str], beside: Iterable[str]) -> str | None:
    """Return the widest glob of what begins alike in a folder and takes no other file, or None."""
    common = os.path.commonprefix(paths)
    for start in (prefix + word, common[:1 + max(common.rfind('-'), common.rfind('_'))]):
        if len(start) > len(prefix) and not any(path.startswith(start) for path in beside):
            return literal(start) + '*.md'
    return None


def _loose_globs(place: Mapping[str, Any], names: _Names) -> list[str]:
    """Return globs of loose notes: one for those that begin alike, where it takes no other file, else the very paths."""
    prefix = f'{place["folder"]}/' if place['folder'] else ''
    words: dict[str, list[str]] = {}
    for path in place['paths']:
        match = re.match(r'[^\W\d_]+[-_]', path.removeprefix(prefix))
        words.setdefault(match[0] if match else path.removeprefix(prefix), []).append(path)
    found: list[str] = []
    for word, paths in words.items():
        if names.take(paths):
            shared = _shared_glob(prefix, word, paths, place['beside']) if len(paths) > 1 else None
            found += [shared] if shared else map(literal, paths)
    return found


def _new_notes(findings: Mapping[str, Any]) -> str:
    """Return the folder for new notes: the one that is worked in, never one that git ignores or that holds rollups."""
    for place in findings['notes']['places']:
        if not (place['is_archive'] or place['is_ignored'] or place['is_rollup']):
            return str(place['folder'])
    return 'notes/sessions' if findings['notes']['is_default_ignored'] else 'docs/sessions'


def _session_paths(findings: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """Return the globs of notes, that for new ones first, and the paths below them that are none."""
    places, loose = findings['notes']['places'], findings['notes']['loose']
    names = _Names()
    found = {place['folder']: glob for place in places if (glob := _folder_glob(place, names))}
    folder = _new_notes(findings)
    is_known = any(place['folder'] == folder for place in places)
    first = found.pop(folder, literal(folder) + ('/*.md' if is_known else '/**/*.md'))
    paths = [first, *list(found.values())[:_PLACES]]
    # one file at the root, or among others, is no set of notes, and would bring an INDEX.md there that names it alone
    loose = [place for place in loose if place['folder'] and not place['beside'] or len(place['paths']) > 1]
    if len(loose) <= _PLACES:
        paths += [glob for place in loose for glob in _loose_globs(place, names)][:_PLACES]
    return list(dict.fromkeys(paths)), names.excluded


def _other_paths(places: list[Mapping[str, Any]]) -> list[str]:
    """Return the globs of the folders of one kind; folders that differ in one part share a glob."""
    globs = [glob for place in sorted(places, key=lambda place: bool(place['is_ignored'])) if not place['is_archive']
             for glob in (_loose_globs(place, _Names()) if place['is_loose'] else [f'{literal(place["folder"])}/**/*.md'])]
    if len(globs) <= _PLACES:
        return globs
    wide: dict[str, list[str]] = {}
    for glob in globs:
        parts = glob.split('/')
        wide.setdefault('/'.join([*parts[:-4], '*', *parts[-3:]]) if len(parts) > 4 else glob, []).append(glob)
    return [glob if len(group) > 2 else group[0] for glob, group in wide.items()][:_PLACES]


def section_aliases(titles: Mapping[str, int], notes: int) -> dict[str, list[str]]:
    """Return, for each section of Daybook, the titles under which at least three notes (one in twenty) have it."""
    found: dict[str, list[str]] = {}
    for title, count in titles.items():
        if count < max(3, notes / 20):
            continue
        for section, words in _SECTIONS.items():
            if title.casefold() != section.casefold() and re.fullmatch(words, title, re.I):
                found.setdefault(section, []).append(title)
                break
    return {section: found[section][:5] for section in _SECTIONS if section in found}


def _key_aliases(keys: Mapping[str, int]) -> dict[str, list[str]]:
    found = {}
    for key, names in _KEYS.items():
        others = [name for name in names if name != key and keys.get(name, 0) >= 3 and keys[name] > keys.get(key, 0)]
        if others:
            found[key] = others
    return found


def _session(findings: Mapping[str, Any]) -> dict[str, Any]:
    notes = findings['notes']
    kind: dict[str, Any] = {}
    paths, excluded = _session_paths(findings)
    if paths != [_DEFAULT_PATHS['session']]:
        kind['paths'] = paths
    folders = tuple(f'{fixed}/' for path in paths if (fixed := path.rpartition('/')[0].removesuffix('/**')))
    excluded += [file['path'] for file in notes['rolling'] if file['path'].startswith(folders)]
    if excluded:
        kind['exclude'] = [literal(path) for path in dict.fromkeys(excluded)]
    aliases = section_aliases({s['title']: s['count'] for s in notes['sections']}, notes['count'])
    keys = {k: n for header in notes['headers'] if header['style'] == 'frontmatter' for k, n in header['keys'].items()}
    more = {'section_aliases': aliases, 'key_aliases': _key_aliases(keys)}
    return kind | {name: value for name, value in more.items() if value}


def _has_topics(findings: Mapping[str, Any]) -> bool:
    places = [place for place in findings['notes']['places'] if not place['is_archive']]
    names = places[0]['names'] if places else []
    every: int = sum(n['count'] for n in names)
    topics: int = sum(n['count'] for n in names if 'topic' in n['shape'])
    return topics > 0.6 * every > 0


def propose_settings(findings: Mapping[str, Any]) -> dict[str, Any]:
    """Return what `.daybook/config.yaml` should say for these findings of `daybook.adoption.survey.look`.

    Only what differs from the defaults; it fits `config.schema.json`. New notes go below the fixed part of
    the first glob of `kinds.session.paths`. Names of files are the repository's, so quote them in YAML.
    """
    kinds: dict[str, Any] = {'session': session} if (session := _session(findings)) else {}
    for kind in ('workstream', 'plan', 'adr', 'learning'):
        places = findings['others'].get(kind, [])
        paths = _other_paths(places)
        is_beside = findings['repository']['has_docs'] and not _DEFAULT_PATHS[kind].startswith('docs/')
        default = f'docs/{_DEFAULT_PATHS[kind]}' if is_beside else _DEFAULT_PATHS[kind]  # no second root of documents beside theirs
        if paths and all(place['is_ignored'] for place in places):
            paths = [default, *paths]  # what is new goes where git takes it
        elif not paths and is_beside:
            paths = [default]
        if paths and paths != [_DEFAULT_PATHS[kind]]:
            kinds[kind] = {'paths': paths}
    settings: dict[str, Any] = {'kinds': kinds} if kinds else {}
    if _has_topics(findings):
        settings['sessions'] = {'slug': True}
    if findings['repository']['habit'] in ('merges', 'squashes'):
        settings['indexes'] = {'when': 'default-branch'}
    return settings
