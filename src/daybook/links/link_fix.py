"""`audit-links --fix`: repairs dead links in the work tree where what is meant is beyond doubt."""
from __future__ import annotations

import os
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Mapping
from urllib.parse import unquote

from daybook.documents import destination
from daybook.documents import link_facts
from daybook.documents import markdown
from daybook.documents import slugs
from daybook.documents import tree
from daybook.documents.markdown_scan import Link
from daybook.links.link_judge import Judge
from daybook.links.link_verdict import Judged
from daybook.repo import files
from daybook.repo import git
from daybook.repo import git_spawn
from daybook.repo.git import Repo
from daybook.rules import link_repair
from daybook.rules import links
from daybook.rules.link_repair import Edit

_MOST_HOPS = 10
_MOST_COMMITS = 200


def renames_in_history(repo: Repo, paths: Iterable[str]) -> dict[str, str]:
    """Return the new path of each of `paths` that HEAD's history renamed, by the last commit that took it away."""
    asked = sorted(path for path in paths if '\0' not in path)
    if not asked:
        return {}
    log = git_spawn.answers(repo.root, ('log', '--no-show-signature', '--no-renames', '--diff-filter=D', '--format=%H',
                                    f'-n{_MOST_COMMITS}', 'HEAD', '--', *git.pathspec(asked)))[0] or b''
    found: dict[str, str] = {}
    for commit in log.decode().split():
        raw = git_spawn.answers(repo.root, ('diff-tree', '-r', '-M', '--no-commit-id', '--diff-filter=R', '--name-status', '-z', commit))[0]
        fields = git.zsplit(raw or b'')
        for old, new in zip(fields[1::3], fields[2::3]):
            if old in asked:
                found.setdefault(old, new)
    return found


class _Finder:
    """Finds where the targets of dead links are now."""

    def __init__(self, repo: Repo, judge: Judge, judged: Iterable[Judged]) -> None:
        self._judge = judge
        self._renamed = dict(judge.change.renamed)
        self._former = {new: old for old, new in judge.change.renamed.items()}
        lost = [one for one in judged if one.problem.rule in (destination.MISSING, destination.OUTSIDE)]
        wanted = {path for one in lost for path in (*one.problem.causes, self._before_the_move(one.problem.path, one.target)) if path}
        wanted = {path for path in wanted if path not in judge.tree.files and path not in self._renamed}
        for _ in range(_MOST_HOPS):
            more = renames_in_history(repo, wanted)
            self._renamed |= more
            wanted = {new for new in more.values() if new not in judge.tree.files and new not in self._renamed}
            if not wanted:
                break
        self._names = links.Names(judge.entries)

    def _before_the_move(self, source: str, target: str) -> str | None:
        """Return where a relative target led from the former place of a file that this change moves."""
        if source not in self._former or target.startswith('/'):
            return None
        written = unquote(target.partition('#')[0].partition('?')[0], errors='surrogateescape')
        return tree.join(tree.folder_of(self._former[source]), written)

    def _now(self, path: str) -> str | None:
        for _ in range(_MOST_HOPS):
            if path in self._judge.tree.files:
                return path
            path = self._renamed.get(path, '')
        return None

    def file(self, source: str, link: Link, path: str, right: str) -> str | None:
        """Return the file that a dead link means, or None."""
        if right:
            return right
        found = self._now(path)
        old = self._before_the_move(source, link.target) if found is None else None
        return self._now(old) if old else found

    def edits(self, source: str, text: str, link: Link) -> list[Edit]:
        """Return the edits that mend a link of the file `source`."""
        if link.kind == 'wikilink':
            return self._wikilink(source, text, link)
        led = self._judge.follow(source, link.target)
        if led is None or led.fault not in (destination.MISSING, destination.CASE, destination.OUTSIDE):
            return []
        new = self.file(source, link, led.path, led.right if led.fault == destination.CASE else '')
        return link_repair.moved(text, link, source, new) if new else []

    def _wikilink(self, source: str, text: str, link: Link) -> list[Edit]:
        paths = self._names.find(link.target)
        if len(paths) != 1:
            return []
        heading = link.target.partition('#')[2]
        anchor = slugs.slug(heading) if heading else ''
        if anchor and anchor not in (self._judge.contents.anchors(paths[0]) or ()):
            return []
        return [link_repair.wikilink(text, link, source, paths[0], anchor)]


def fix(repo: Repo, judge: Judge, judged: Collection[Judged]) -> set[tuple[str, str]]:
    """Mend in the work tree what can be; return file and target of each link that was."""
    by_source: dict[str, set[str]] = {}
    for one in judged:
        by_source.setdefault(one.problem.path, set()).add(one.target)
    finder = _Finder(repo, judge, judged)
    return {(source, target) for source, targets in sorted(by_source.items()) if source in judge.entries
            for target in _fix_file(repo, source, targets, finder)}


def _fix_file(repo: Repo, source: str, targets: Collection[str], finder: _Finder) -> Mapping[str, None]:
    absolute = os.path.join(repo.root, source)
    data = None if os.path.islink(absolute) else link_facts.read(repo.root, source)
    if data is None:
        return {}
    text, _ = link_facts.body(data)
    head = data[:len(data) - len(text.encode('utf-8', 'surrogatepass'))]
    if head + text.encode('utf-8', 'surrogatepass') != data:
        return {}  # not UTF-8: to write it would change other bytes
    edits = [edit for link in markdown.links(text) if _name(link) in targets for edit in finder.edits(source, text, link)]
    after = link_repair.apply(text, edits)
    if after == text or not link_repair.is_proven(text, after, edits):
        return {}
    files.write_atomic(files.inside(repo.root, source), head + after.encode('utf-8', 'surrogatepass'))
    return dict.fromkeys(_name(edit.link) for edit in edits)


def _name(link: Link) -> str:
    return f'[[{link.target}]]' if link.kind == 'wikilink' else link.target
