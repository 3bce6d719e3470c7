"""The link audit of a whole repository, at the cost of what changed since the last one."""
from __future__ import annotations

import os
from collections.abc import Collection
from collections.abc import Mapping
from collections.abc import Sequence
from typing import NamedTuple

from daybook.documents import catalogue
from daybook.documents import catalogue_values
from daybook.documents import link_facts
from daybook.documents import tree
from daybook.documents.catalogue_content import Catalogue
from daybook.documents.catalogue_content import View
from daybook.documents.destination import Options
from daybook.documents.link_facts import Facts
from daybook.documents.tree import Tree
from daybook.links import link_judge
from daybook.links import link_known
from daybook.links import link_memory
from daybook.links import link_verdict
from daybook.links.link_change import Change
from daybook.links.link_contents import KIND
from daybook.links.link_judge import Judge
from daybook.links.link_memory import Setup
from daybook.links.link_splice import Former
from daybook.links.link_verdict import Row
from daybook.links.link_verdict import Verdict
from daybook.repo import listing
from daybook.repo.git import Repo
from daybook.repo.listing import Listing
from daybook.rules import link_baseline
from daybook.rules import links

_MOST_SPLICED = 100  # files whose lines are sought in the last text sooner than all are read
_MOST_CHANGES = 1000  # lines of the listing, from which on starting over costs no more than following them


def lines(repo: Repo, files: Listing, *, is_in_commit: bool) -> tuple[bytes, int]:
    """Return what `Catalogue.lines` does of a view that nobody keeps and no baseline parts, in less memory and time."""
    with catalogue.in_memory() as empty:
        judge = Judge(repo, files, link_judge.load_options(repo), (), empty, is_in_commit=is_in_commit, texts_only=True)
        return link_verdict.lines(_rows(judge.judge_all()))


def _rows(verdicts: Mapping[str, Verdict]) -> list[Row]:
    """Return what is wrong with each file, in order of path."""
    rows = [verdict.row for verdict in verdicts.values() if verdict.row]
    return sorted(rows, key=lambda row: catalogue_values.encoded(row.source))


class Updated(NamedTuple):
    """A view that is up to date: its id, and the judge for more questions.

    `former` is what it said before of files that are few; `rows` all of it, where that is at hand and no baseline parts it.
    """

    view: int
    judge: Judge
    former: Former | None = None
    rows: Sequence[Row] | None = None


def update(repo: Repo, files: Listing, setup: Setup, kept: Catalogue, *, is_in_commit: bool, change: Change | None = None) -> Updated:
    """Bring the view of this work tree up to date.

    Only inside `kept.writing()`. `change` is that at hand, where somebody knows more of it or has asked already.
    """
    view = kept.view(link_memory.view_name(repo.git_dir))
    if view is not None and view.setup == setup.settings:
        judge = Judge(repo, files, Options(*view.options.split('\0')), setup.known, kept, is_in_commit=is_in_commit, change=change)
        changes, delta = kept.changes(view, files)
        if len(changes) <= _MOST_CHANGES and not any(line.startswith((listing.SYMLINK, listing.SUBMODULE)) for line in changes):
            former = _follow(kept, view, judge, files, setup, changes, repo)
            if changes:
                kept.set_listing(view.id, files, delta)
            return Updated(view.id, judge, former)
    judge = Judge(repo, files, link_judge.load_options(repo), setup.known, kept, is_in_commit=is_in_commit, change=change)
    return _start_over(kept, judge, files, setup, repo)


def _start_over(kept: Catalogue, judge: Judge, files: Listing, setup: Setup, repo: Repo) -> Updated:
    verdicts = judge.judge_all()
    judge.contents.list_again()
    rows = _rows(verdicts)
    view = kept.new_view(link_memory.view_name(repo.git_dir))
    kept.set_found(view, rows)
    link_known.keep_stale(kept, view, setup.known)
    if kept.is_kept:
        kept.add_facts(KIND, judge.contents.added.items())
        sources_of: dict[str, list[str]] = {}
        for source, verdict in verdicts.items():
            for key in verdict.keys:
                sources_of.setdefault(key, []).append(source)
        kept.set_inbound(view, sources_of)
        kept.set_listing(view, files)
        kept.sweep(oid for _, oid in judge.entries.values())
        kept.set_view(view, setup=setup.settings, baseline=setup.baseline_digest, head=setup.head, options='\0'.join(judge.options),
                      gone=judge.change.gone if judge.change.is_known else None,
                      witness=link_memory.witness(repo.root, judge.watched | _folders(repo.root, judge.tree, verdicts)))
    return Updated(view, judge, rows=None if setup.known else rows)


def _follow(kept: Catalogue, view: View, judge: Judge, files: Listing, setup: Setup, changes: list[str], repo: Repo) -> Former | None:
    may_differ = view.head != setup.head or _may_differ(view, judge, changes)
    folders = set(link_memory.witnesses(view.witness))
    affected = _in_question(kept, view, judge, changes, repo.root, may_differ=may_differ, is_moved=view.head != setup.head)
    if next(iter(kept.found(view.id, affected)), None):  # what was dead is dead most of the time
        judge.change.begin()
    try:
        verdicts = judge.judge(sorted(affected))
    finally:
        judge.change.end()
    touched = affected | {path for path, _ in map(listing.entry, changes)}
    is_same_baseline = view.baseline == setup.baseline_digest
    former = _former(kept, view, touched) if is_same_baseline and not setup.known else None
    kept.drop_found(view.id, touched)
    kept.set_found(view.id, (verdict.row for verdict in verdicts.values() if verdict.row))
    kept.add_facts(KIND, judge.contents.added.items())
    _keep_inbound(kept, view, judge, changes, verdicts)
    if not is_same_baseline:
        link_known.judge_anew(kept, view.id, setup.known)
    if not is_same_baseline or link_baseline.PATH in touched:
        link_known.keep_stale(kept, view.id, setup.known)
    else:
        link_known.follow_stale(kept, view.id, setup.known, touched)
    gone = judge.change.gone if judge.change.is_known else None if may_differ else view.gone
    kept.set_view(view.id, baseline=setup.baseline_digest, head=setup.head, gone=gone, told=b'' if touched or not is_same_baseline else view.told,
                  witness=link_memory.witness(repo.root, folders | judge.watched | _folders(repo.root, judge.tree, verdicts)))
    return former


def _in_question(kept: Catalogue, view: View, judge: Judge, changes: list[str], root: str, *, may_differ: bool, is_moved: bool) -> set[str]:
    """Return the files of which something else may be said than the view does; `is_moved` tells that the commit is another one."""
    matters = may_differ and bool(next(kept.found(view.id), None) if is_moved else kept.dated(view.id))
    if matters:
        judge.change.begin()
    found = _affected(kept, view, judge, changes)
    if is_moved or view.witness != link_memory.witness(root, set(link_memory.witnesses(view.witness))):
        found |= {*kept.dated(view.id), *_appeared(root, kept, view, judge.tree)}
    if matters:
        found |= _told_anew(kept, view, judge, is_moved=is_moved)
    return {*judge.sources(path for path in found if path in judge.entries)}


def _former(kept: Catalogue, view: View, touched: Collection[str]) -> Former | None:
    """Return what the view says of the files that are looked at again, where these are few."""
    if not view.told or len(touched) > _MOST_SPLICED:
        return None
    return Former(view.told, kept.texts(view.id, touched), frozenset(touched))


def _may_differ(view: View, judge: Judge, changes: list[str]) -> bool:
    """Return whether another rename or deletion may be told of than when the rows were written, against the same commit."""
    if view.gone is None or not changes:
        return False
    return view.gone != b'' or any(path not in judge.entries for path, _ in map(listing.entry, changes))


def _told_anew(kept: Catalogue, view: View, judge: Judge, *, is_moved: bool) -> set[str]:
    """Return the files of which something else may be told because the change at hand is another one."""
    if is_moved:  # also of what it changes now, and did not then
        keys = {link_facts.UNCLEAR, *map(tree.folded, judge.change.paths)}
        return {source for source, *_ in kept.found(view.id, kept.inbound(view.id, keys))}
    return {*kept.dated(view.id)} if judge.change.gone != view.gone else set()


def _affected(kept: Catalogue, view: View, judge: Judge, changes: list[str]) -> set[str]:
    """Return the files whose problems the changed lines of the listing may change."""
    blobs: dict[str, list[str]] = {}
    for path, (_, blob) in map(listing.entry, changes):
        blobs.setdefault(path, []).append(blob)
    keys: set[str] = set()
    for path, ids in blobs.items():
        if len(ids) == 2:  # another content
            if tree.is_markdown(path) and not _has_same_anchors(kept, judge, path, ids):
                keys.add(tree.folded(path))
        else:  # came or went, and perhaps its folders with it
            keys |= links.depending_on(path)
            folder = tree.folder_of(path)
            while folder:
                keys.add(tree.folded(folder))
                folder = tree.folder_of(folder)
    if keys:
        keys.add(link_facts.UNCLEAR)
    return kept.inbound(view.id, keys) | blobs.keys()


def _has_same_anchors(kept: Catalogue, judge: Judge, path: str, blobs: Collection[str]) -> bool:
    before = kept.facts(KIND, [blob for blob in blobs if blob != judge.entries[path][1]])
    return [Facts(dumped).anchors for dumped in before.values()] == [judge.contents.anchors(path)]


def _keep_inbound(kept: Catalogue, view: View, judge: Judge, changes: list[str], verdicts: Mapping[str, Verdict]) -> None:
    former = dict.fromkeys(path for path, _ in map(listing.entry, changes) if tree.is_markdown(path))
    for path, (_, blob) in map(listing.entry, changes):
        if path in former and judge.entries.get(path, ('', ''))[1] != blob:
            former[path] = kept.facts(KIND, [blob]).get(blob)
    for path in former.keys() | verdicts.keys():
        now = {*verdicts[path].keys} if path in verdicts else set()
        if path in former:
            # a key that the new tree gives in another way stays behind, and costs one look too many at most
            dumped = former[path]
            was = {*judge.look(path, dumped).keys} if dumped is not None else set()
            # a map that was a generated one depended on nothing
            kept.move_inbound(view.id, path, gone=was - now, come=now if judge.may_be_renewed(path) else now - was)
        elif verdicts[path].row:
            kept.move_inbound(view.id, path, gone=(), come=now)


def _folders(root: str, known: Tree, verdicts: Mapping[str, Verdict]) -> set[str]:
    """Return the folders in which the missing targets may appear without git, or vanish."""
    found: set[str] = set().union(*(verdict.folders for verdict in verdicts.values()))
    # a tracked folder that is not there, as in a sparse checkout, is no news when it comes
    return {_nearest(root, folder) for folder in found} | {folder for folder in found if known.is_folder(folder)}


def _nearest(root: str, folder: str) -> str:
    while folder and not os.path.isdir(os.path.join(root, folder)):
        folder = tree.folder_of(folder)
    return folder


def _appeared(root: str, kept: Catalogue, view: View, known: Tree) -> set[str]:
    """Return the files with a link to something that may have appeared untracked in a folder that changed on the disk."""
    found: set[str] = set()
    for folder, changed in link_memory.witnesses(view.witness).items():
        absolute = os.path.join(root, folder)
        if changed == link_memory.changed_at(root, folder) or not os.path.isdir(absolute):
            continue
        paths = (f'{folder}/{name}' if folder else name for name in os.listdir(absolute) if name != '.git')
        for path in paths:
            if path not in known.files and not known.is_folder(path):
                key = tree.folded(path)
                found |= kept.inbound(view.id, [key, link_facts.UNCLEAR]) | kept.inbound_below(view.id, key)
    return found
