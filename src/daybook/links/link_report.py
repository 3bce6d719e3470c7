"""What `audit-links` prints and writes: all problems, or inside a commit those that it causes; baseline; repairs."""
from __future__ import annotations

import os
import shlex
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Sequence
from types import SimpleNamespace
from typing import NamedTuple

from daybook import problem
from daybook.documents import catalogue
from daybook.documents import tree
from daybook.documents.catalogue import Catalogue
from daybook.errors import FatalError
from daybook.links import link_audit
from daybook.links.link_audit import Judge
from daybook.links.link_audit import Judged
from daybook.links.link_memory import CONFIG
from daybook.links.link_memory import Setup
from daybook.links.link_memory import Start
from daybook.problem import Problem
from daybook.repo import git
from daybook.repo import listing
from daybook.repo.git import Repo
from daybook.repo.listing import Listing
from daybook.rules import link_baseline

HOOK_ID = 'audit-links'


def _arguments(words: Sequence[str]) -> SimpleNamespace:
    options = SimpleNamespace(files=[], all=False, fix=False, baseline=False, no_catalogue=False)
    if not words:
        return options
    import argparse

    from daybook.repo import files

    words, named = files.split_arguments(words)
    parser = argparse.ArgumentParser(prog=f'daybook {HOOK_ID}', description='check that every link leads to a tracked file and every #fragment to an anchor')
    parser.add_argument('files', nargs='*', help='report on these files and folders only (default: all Markdown files)')
    parser.add_argument('--all', action='store_true', help='inside `git commit` too, report and block on what the commit did not cause')
    parser.add_argument('--fix', action='store_true', help='rewrite wikilinks, and links to files that git knows to be renamed')
    parser.add_argument('--baseline', action='store_true', help=f'write {link_baseline.PATH}, the dead links that do not block; later, take out those that are mended')
    parser.add_argument('--no-catalogue', action='store_true', help='read every file anew and keep nothing')
    parser.parse_args(words, namespace=options)
    options.files += named
    return options


def run(words: Sequence[str], start: Start | None = None) -> Outcome:
    """Audit the links of the repository that the caller stands in; `start` is what is known of it already."""
    options = _arguments(words)
    output_format = problem.output_format(os.environ)
    is_in_commit = git.is_in_git_hook()
    if start is None:
        repo = git.find_repo()
        files, head = listing.read(repo.root, is_in_commit=is_in_commit), git.resolve(repo, 'HEAD') or ''
    else:
        repo, files, head = Repo(start.root, start.git_dir, start.common_dir), start.files, start.head
    setup = Setup(repo.root, head)
    named = _named(repo, files, options.files)
    untracked = [path for path in named if tree.is_markdown(path) and os.path.isfile(os.path.join(repo.root, path))]
    files, has_more = _with(repo, files, untracked)
    for attempt in range(3):
        kept = None if options.no_catalogue or has_more or attempt == 2 else catalogue.open_in(repo.common_dir)
        try:
            with kept or catalogue.in_memory() as store, store.writing() as is_mine:
                if not is_mine:
                    continue
                view, judge = link_audit.update(repo, files, setup, store, is_in_commit=is_in_commit)
                report = _Report(repo, setup, store, view, judge, output_format)
                return report.make(options, named, is_partial=is_in_commit and not options.all)
        except catalogue.Damaged:
            catalogue.discard(repo.common_dir)
    raise FatalError(f'no catalogue can be made in memory; free some memory, then run `daybook {HOOK_ID} --no-catalogue`')


def _named(repo: Repo, files: Listing, words: Sequence[str]) -> list[str]:
    """Return the paths of the files and folders that the call names; raise FatalError for what is not there."""
    if not words:
        return []
    from daybook.repo.files import within

    tracked, paths = files.entries(), []
    for word in words:
        path = within(repo.root, word)
        if not os.path.lexists(word) and path not in tracked:
            raise FatalError(f'no such file: {word}; paths are relative to {os.getcwd()}')
        paths.append(path)
    return paths


def _with(repo: Repo, files: Listing, paths: Collection[str]) -> tuple[Listing, bool]:
    """Return the listing with files that git does not track yet, as if they were added."""
    more = [path for path in paths if path not in files.entries()] if paths else []
    return (listing.with_untracked(repo.root, files, more), True) if more else (files, False)


def _is_below(path: str, named: Collection[str]) -> bool:
    return any(name in (path, '.') or path.startswith(f'{name}/') for name in named)


class Outcome(NamedTuple):
    """What to print to the two streams, and the exit code."""

    out: bytes
    err: str
    code: int

    @classmethod
    def of(cls, lines: Iterable[str], notes: Iterable[str], is_bad: bool) -> Outcome:
        out = ''.join(f'{line}\n' for line in lines)
        return cls(out.encode('utf-8', 'backslashreplace'), ''.join(f'{note}\n' for note in notes), int(is_bad))


class _Report:
    """Tells what the view of a work tree holds."""

    def __init__(self, repo: Repo, setup: Setup, kept: Catalogue, view: int, judge: Judge, output_format: str) -> None:
        self._repo, self._setup, self._kept, self._view, self._judge = repo, setup, kept, view, judge
        self._format = output_format
        self._known = link_baseline.read(setup.baseline)

    def make(self, options: SimpleNamespace, named: Collection[str], *, is_partial: bool) -> Outcome:
        """Do what is asked for."""
        if options.baseline:
            return self._write_baseline()
        if options.fix:
            return self._fix(named, is_partial=is_partial)
        if is_partial:
            return self._partial()
        if self._format == 'text' and not named:
            text, blocking = self._kept.lines(self._view)
            return Outcome(text, '', int(blocking > 0))
        found = [wrong for wrong in self._new(self._judged()) if not named or _is_below(wrong.path, named)]
        return self._outcome(found)

    def _judged(self, sources: Iterable[str] | None = None) -> list[Judged]:
        return [judged for source, payload, *_ in self._kept.found(self._view, sources)
                for judged in link_audit.judged_in(source, payload)]

    def _is_known(self, judged: Judged) -> bool:
        return bool(self._known) and link_baseline.line(judged.problem.path, judged.target) in self._known

    def _new(self, judged: Iterable[Judged]) -> list[Problem]:
        return list({one.problem for one in judged if not self._is_known(one)})

    def _outcome(self, found: Collection[Problem], *, before: Sequence[str] = (), note: str = '') -> Outcome:
        """Return these problems in the format asked for; what is no problem stays out of JSON."""
        lines = problem.render(found, self._format)
        apart = [problem.printable(line) for line in (*before, note) if line]
        if self._format == 'json':
            return Outcome.of(lines, apart, problem.is_blocking(found) or bool(before))
        before = apart[:len(before)]
        return Outcome.of([*before, *lines, *apart[len(before):]], (), problem.is_blocking(found) or bool(before))

    def _fix(self, named: Collection[str], *, is_partial: bool) -> Outcome:
        """Mend what can be, tell the rest."""
        from daybook.links import link_fix

        judged = self._caused() if is_partial else self._judged()
        judged = [one for one in judged if one.target and (not named or _is_below(one.problem.path, named))]
        mended = link_fix.fix(self._repo, self._judge, judged)
        rest = self._new(one for one in judged if (one.problem.path, one.target) not in mended)
        return self._outcome(rest, before=_rewritten(sorted({path for path, _ in mended})))

    def _caused(self) -> list[Judged]:
        """Return the problems that the change in the index causes."""
        changed = self._judge.change.paths
        gone = {*self._judge.change.deleted, *self._judge.change.renamed}
        answered_for = changed | {folder for path in gone for folder in _folders_above(path) if folder not in self._judge.tree.folders}
        by_settings = self._caused_by_settings(changed)
        sources = None
        if self._kept.is_kept and not by_settings:
            sources = changed | self._kept.inbound(self._view, {tree.folded(path) for path in answered_for})
        judged = self._judged(sources)
        found = set(problem.caused_by([one.problem for one in judged], answered_for)[0])
        return [one for one in judged if one.problem in found or (one.problem.path, one.target) in by_settings]

    def _partial(self) -> Outcome:
        """Tell what the commit causes, and the rest in one line."""
        found = self._new(self._caused())
        counts = {source: count for source, _, count, _ in self._kept.found(self._view, {wrong.path for wrong in found})}
        total, documents = self._kept.counts(self._view)
        documents -= sum(count == sum(wrong.path == source for wrong in found) for source, count in counts.items())
        older = total - len(found)
        return self._outcome(found, note=problem.older_count_line(older, documents, HOOK_ID) if older else '')

    def _caused_by_settings(self, changed: Collection[str]) -> set[tuple[str, str]]:
        """Return file and target of the problems that a change of the settings or of the baseline brings to light."""
        found: set[tuple[str, str]] = set()
        if link_baseline.PATH in changed:
            was = link_baseline.read(git.read_blobs(self._repo, [f'HEAD:{link_baseline.PATH}'])[0])
            found |= {(j.problem.path, j.target) for j in self._judged()
                      if link_baseline.line(j.problem.path, j.target) in was}
        if CONFIG in changed:
            found |= {(j.problem.path, j.target) for j in self._judged()} - self._judge.under_former_settings(git.read_blobs(self._repo, [f'HEAD:{CONFIG}'])[0])
        return found

    def _write_baseline(self) -> Outcome:
        """Make the baseline, or take out of it what is mended; tell the dead links that it does not hold."""
        judged = [one for one in self._judged() if one.target]
        dead = {link_baseline.line(one.problem.path, one.target) for one in judged if one.problem.level == 'error' or self._known}
        exists = os.path.exists(os.path.join(self._repo.root, link_baseline.PATH))
        lines = link_baseline.shrunk(self._known, dead, self._judge.change.renamed) if exists else dead
        content = link_baseline.render(lines)
        is_new = content != self._setup.baseline
        if is_new:
            from daybook.repo import files

            path = files.inside(self._repo.root, link_baseline.PATH)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            files.write_atomic(path, content)
        rest = {one.problem for one in judged
                if one.problem.level == 'error' and link_baseline.line(one.problem.path, one.target) not in lines}
        return self._outcome(rest, before=_rewritten([link_baseline.PATH] if is_new else []))


def _rewritten(paths: Sequence[str]) -> list[str]:
    if not paths:
        return []
    return [*(f'Rewriting {path}' for path in paths), f'git add -- {" ".join(map(shlex.quote, paths))}']


def _folders_above(path: str) -> Iterable[str]:
    while path := tree.folder_of(path):
        yield path
