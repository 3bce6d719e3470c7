"""What is wrong with the links of files, in one state of the repository."""
from __future__ import annotations

import re
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Sequence
from typing import TYPE_CHECKING

from daybook.documents import link_facts
from daybook.documents.catalogue_content import Catalogue
from daybook.documents.destination import Destination
from daybook.documents.destination import Fault
from daybook.documents.destination import Options
from daybook.documents.destination import Resolver
from daybook.documents.link_facts import Facts
from daybook.documents.markdown_marks import Place
from daybook.documents.tree import Tree
from daybook.links import link_context
from daybook.links import link_reader
from daybook.links import link_verdict
from daybook.links.link_change import Change
from daybook.links.link_contents import Contents
from daybook.links.link_history import Ageing
from daybook.links.link_reader import Reader
from daybook.links.link_reader import Said
from daybook.links.link_reader import Suspects
from daybook.links.link_verdict import Finding
from daybook.links.link_verdict import Verdict
from daybook.repo.git import Repo
from daybook.repo.listing import Listing
from daybook.rules import link_messages
from daybook.rules import links

if TYPE_CHECKING:  # costs a reader of YAML
    from daybook.documents.config import Settings


def options_of(settings: Settings) -> Options:
    """Return the settings `links:` for a judge."""
    from daybook.documents.globs import glob_regex
    from daybook.writers import indexes

    given = (settings.links_ignore, settings.links_generated, settings.links_exclude)
    ignore, generated, exclude = ('|'.join(map(glob_regex, globs)) for globs in given)
    documents = '|'.join(glob_regex(glob) for kind in settings.kinds for glob in kind.paths)
    renewed = '|'.join((glob_regex(f'**/{indexes.NAME}'), re.escape(settings.indexes_overview or ''))) if settings.indexes_when == 'default-branch' else ''
    return Options(settings.links_root, settings.links_submodules, settings.links_wikilinks, ignore, generated, documents, exclude, renewed)


def load_options(repo: Repo) -> Options:
    """Return the settings `links:` of the work tree. Raises FatalError."""
    from daybook.documents import config

    return options_of(config.load(repo.root))


class Judge:
    """Finds what is wrong with the links of files in one state of the repository.

    `change` is that at hand, where somebody knows more of it or has asked already. `watched` are the folders and files that
    change when something else may be told of the dated rows, though git knows nothing of it. With `texts_only` no more
    is worked out than what is printed.
    """

    def __init__(self, repo: Repo, files: Listing, options: Options, known: Collection[str], kept: Catalogue, *,
                 is_in_commit: bool, change: Change | None = None, texts_only: bool = False) -> None:
        self.options, self.entries = options, files.entries()
        self.contents = Contents(repo, files, kept, is_in_commit=is_in_commit)
        # git need not look at all files on the disk again
        self.change = change or Change(repo, is_index=is_in_commit or files.is_index)
        self.watched: set[str] = set()
        self._repo, self._files, self._known, self._kept, self._texts_only = repo, files, known, kept, texts_only
        self.tree = self._tree_of(repo)
        self._resolver = Resolver(self.tree, options)
        self._ageing = Ageing(repo, self.contents, options)
        self._names: links.Names | None = None
        self._is_excluded = re.compile(options.exclude, re.DOTALL).fullmatch if options.exclude else None
        self._renewed = re.compile(options.renewed, re.DOTALL).fullmatch if options.renewed else None

    def _tree_of(self, repo: Repo) -> Tree:
        symlinks, submodules = self._files.links()
        texts = link_context.symlink_texts(repo, symlinks, [self.entries[path][1] for path in symlinks])
        return Tree(self.entries, texts, submodules)

    def judge_all(self) -> dict[str, Verdict]:
        """Return the verdict on each file that can be judged."""
        if len(self.entries) >= link_reader.MANY:
            self.change.begin()
        return self.judge(self.sources(self.entries))

    def sources(self, paths: Iterable[str]) -> list[str]:
        """Return the files among the tracked `paths` whose links are to be judged: no generated map that a job renews elsewhere."""
        found = [path for path in paths if self.contents.is_source(path) and not (self._is_excluded and self._is_excluded(path))]
        maps = [path for path in found if self.may_be_renewed(path)]
        renewed = self._generated_among(maps) if maps else ()
        return [path for path in found if path not in renewed]

    def _generated_among(self, paths: Sequence[str]) -> set[str]:
        from daybook.writers import indexes

        # all at once, as git may be asked
        return {path for path, data in self.contents.read_all(paths) if indexes.is_generated((data or b'').decode('utf-8', 'replace'))}

    def may_be_renewed(self, path: str) -> bool:
        """Return whether a job renews the file `path` elsewhere as soon as it is a generated map."""
        return self._renewed is not None and self._renewed(path) is not None

    def judge(self, sources: Collection[str]) -> dict[str, Verdict]:
        """Return the verdict on each file of `sources`."""
        reader = Reader(self._repo.root, self._resolver, self.change, self._known, with_keys=self._kept.is_kept, texts_only=self._texts_only)
        said = dict(self.contents.prepare(sources, reader))
        found = dict(self.contents.find(list(filter(None, map(self._suspects, said, said.values()))), reader))
        judged, dated = self._explain((source, places) for source, places in found.items() if not isinstance(places, Verdict))
        verdicts = {}
        for source, (_, seen, verdict) in said.items():
            here = found.get(source, verdict)
            if not isinstance(here, Verdict):
                here = link_verdict.verdict(source, judged.get(source, ()), self._known, is_dated=source in dated, texts_only=self._texts_only)
            verdicts[source] = Verdict(here.row, here.folders, seen.keys)
        return verdicts

    def follow(self, source: str, target: str) -> Destination | None:
        """Return where a target of the file `source` leads."""
        return self._resolver.follow(source, target)

    def under_former_settings(self, former: bytes | None) -> set[tuple[str, str]]:
        """Return file and target of what was wrong before the settings changed; nothing when they could not be read."""
        from daybook.documents import config
        from daybook.errors import FatalError

        try:
            settings = config.from_bytes(former)
        except FatalError:
            return set()
        judge = Judge(self._repo, self._files, options_of(settings), (), self._kept, is_in_commit=True)
        judge._ageing.settings = settings
        rows = (verdict.row for verdict in judge.judge_all().values())
        return {(one.problem.path, one.target) for row in rows if row for one in link_verdict.judged_in(row.source, row.payload)}

    def look(self, source: str, dumped: str) -> links.Seen:
        """Return what the links of the file `source` come to when its content is that of the `dumped` facts."""
        return links.look(source, Facts(dumped), self._resolver, with_keys=True)

    def _suspects(self, source: str, said: Said) -> Suspects | None:
        """Return what more than the file `source` must be asked for; None when it has no dead links, or a final verdict."""
        more = {target for target, page, fragment in links.checks(said.seen)
                if (anchors := self.contents.anchors(page)) is not None and not link_facts.has_anchor(fragment, anchors)}
        if said.seen.has_wikilinks and self._minds_wikilinks(source):
            more.add(link_facts.WIKILINKS)
        if said.verdict and more:
            more.update(self.look(source, said.dumped).dead)
        more.update(said.seen.dead)
        return Suspects(source, more) if more else None

    def _explain(self, places: Iterable[tuple[str, list[Place]]]) -> tuple[dict[str, list[Finding]], set[str]]:
        judged: dict[str, list[Finding]] = {}
        dated: set[str] = set()
        faults: list[Fault] = []
        wikilinks: list[tuple[str, list[Place]]] = []
        for source, found in places:
            faults += links.faults(source, found, self._resolver, self.contents.anchors)
            wikilinks.append((source, [link for link in found if link.kind == 'wikilink']))
        if faults:
            around, dated, watched = link_context.around(self._repo, faults, self.change, self._ageing, self.tree)
            self.watched |= watched
            for fault in faults:
                judged.setdefault(fault.source, []).append(link_verdict.finding(link_messages.problem_of(fault, around), fault.link.target))
        for source, found in wikilinks:
            for judgement in self._wikilinks(source, found):
                judged.setdefault(source, []).append(judgement)
        return judged, dated

    def _minds_wikilinks(self, source: str) -> bool:
        return self.options.may_mind_wikilinks(source) and (self.options.wikilinks != 'documents' or self._ageing.kind_of(source) is not None)

    def _wikilinks(self, source: str, found: list[Place]) -> Iterator[Finding]:
        if not found or not self._minds_wikilinks(source):
            return
        is_document = self._ageing.kind_of(source) is not None
        self._names = self._names or links.Names(self.entries)
        for link in found:
            for wrong in links.wikilinks(source, [link], self._names, setting=self.options.wikilinks, is_document=is_document):
                yield link_verdict.finding(wrong, f'[[{link.target}]]')
