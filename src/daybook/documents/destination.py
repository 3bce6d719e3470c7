"""Where the target of a link leads in the tree of tracked files, as the git host resolves it."""
from __future__ import annotations

import re
from typing import TYPE_CHECKING
from typing import NamedTuple

from daybook.documents import link_facts
from daybook.documents import tree
from daybook.documents.percent import unquote
from daybook.documents.tree import Tree

if TYPE_CHECKING:  # costs a parser
    from daybook.documents.markdown_marks import Place

# rules by which a target is wrong; '' is none
MISSING, CASE, ANCHOR, OUTSIDE, ABSOLUTE, LINE, SYMLINK, SUBMODULE = (
    'link-missing', 'link-case', 'link-anchor', 'link-outside', 'link-absolute', 'link-line-number', 'link-symlink', 'link-submodule')

_ABSOLUTE = re.compile(r'file:|[a-z]:[\\/]|\\\\|~/|/(?:Users|home|private|Volumes|mnt|tmp|var)/', re.IGNORECASE)
_README = re.compile(r'(?:.*/)?readme\.[^/]*\Z', re.IGNORECASE | re.DOTALL)
LINE_NUMBER = re.compile(r'(.+?):(\d++)(?:[-:,]L?(\d++)(?:[-:,]\d++){0,9}+)?$')
# what a git host shows beside the files of a repository, seen from a file at its root: `/OWNER/NAME/blob/BRANCH/README.md`
_HOST_PAGE = re.compile(
    r'(?:\./|/)?((?:\.\./)+)(?:actions|blob|branches|commits?|compare|contributors|deployments|discussions|forks?|graphs|issues|labels|merge_requests|'
    r'milestones?|network|packages|pipelines|projects|pulls?|pulse|raw|releases|security|stargazers|tags|tree|watchers|wiki|wikis)(?:/.*)?',
    re.DOTALL,
)
_MOST_FOUND = 20_000  # targets that are remembered


class Options(NamedTuple):
    """The settings `links:`; `ignore` (targets as written), `generated` and `exclude` (paths) are regular expressions, `` for none.

    `documents` is one too: no file that it does not match is a document; and `renewed`: no other generated map is renewed elsewhere.
    """

    root: str = 'repository'
    submodules: str = 'accept'
    wikilinks: str = 'documents'
    ignore: str = ''
    generated: str = ''
    documents: str = ''
    exclude: str = ''
    renewed: str = ''

    def may_be_document(self, path: str) -> bool:
        """Return whether the settings may make the file `path` a document, without reading them."""
        return re.compile(self.documents, re.DOTALL).fullmatch(path) is not None

    def may_mind_wikilinks(self, path: str) -> bool:
        """Return whether anything is to be said of wikilinks in the file `path`, if it is a document as it may be."""
        return self.wikilinks != 'ignore' and (self.wikilinks != 'documents' or self.may_be_document(path))


class Destination(NamedTuple):
    """What a target comes to.

    `path` is the file or folder (of a fault: where it should have been), `fragment` what stands behind `#`,
    `fault` the rule that it breaks or ``, `right` what would be right: a path of the repository, or for LINE
    the target to write.
    """

    path: str
    fragment: str
    fault: str = ''
    right: str = ''


class Fault(NamedTuple):
    """A link of the file `source` that leads nowhere."""

    source: str
    link: Place
    destination: Destination


def ends(written: str) -> list[str]:
    """Return the paths that may be meant by an absolute one of some machine, the longest first."""
    parts = [part for part in re.split(r'[\\/]+', written) if part][:60]
    return ['/'.join(parts[start:]) for start in range(1, len(parts))]


def is_host_page(source: str, written: str) -> bool:
    """Return whether `written`, without query and fragment, leads from the file `source` to a page of the git host, as `../../issues` does."""
    match = _HOST_PAGE.fullmatch(written)
    return match is not None and match[1].count('/') == 2 + (0 if written[0] == '/' else source.count('/'))


class Resolver:
    """Follows targets in one tree; remembers, as most targets occur many times."""

    def __init__(self, known: Tree, options: Options) -> None:
        self.tree, self.options = known, options
        self._ignored = re.compile(options.ignore, re.DOTALL).fullmatch if options.ignore else None
        self._generated = re.compile(options.generated, re.DOTALL).fullmatch if options.generated else None
        self._found: dict[tuple[str, str], Destination | None] = {}
        self._fine: dict[str, set[str]] = {'/': set()}

    def follow(self, source: str, target: str, *, is_decoded: bool = False, is_once: bool = False) -> Destination | None:
        """Return where `target`, written in the file `source`, leads; None when that is not ours to say.

        `is_decoded` tells that percent signs were decoded already, as in `Facts`; `is_once` that nobody will ask again.
        """
        written, _, fragment = target.partition('#')
        if not written:
            return Destination(source, fragment if is_decoded else unquote(fragment))
        written = written.partition('?')[0]
        if not written and fragment:  # `?query#heading`: of the file itself
            return Destination(source, fragment if is_decoded else unquote(fragment))
        if not is_decoded:
            written, fragment = link_facts.decoded(written, 'surrogateescape'), unquote(fragment)
        key = '' if written[:1] == '/' else tree.folder_of(source), written
        found = self._found[key] if key in self._found else self._lead(source, written)
        if not is_once or found is not None and found.fault:  # what is dead is asked for again, and costs the most
            if len(self._found) == _MOST_FOUND:
                self._found.clear()
            self._found[key] = found
        if found is None or self._ignored and self._ignored(target if is_decoded else unquote(target)):
            return None
        return Destination(found.path, fragment, found.fault, found.right) if fragment else found

    def fine(self, source: str) -> tuple[set[str], set[str]]:
        """Return where the caller keeps decoded targets that need no second look: in the folder of `source`, and anywhere."""
        return self._fine.setdefault(tree.folder_of(source), set()), self._fine['/']

    def _lead(self, source: str, written: str) -> Destination | None:
        if not written:  # `?query`: the file itself, whichever that is
            return None
        if written[0] == '/' and self.options.root == 'ignore' and not _ABSOLUTE.match(written):
            return None
        path = tree.join('' if written[0] == '/' else tree.folder_of(source), written)
        located = None if path is None else self.tree.locate(path)
        if located is not None and path is not None:
            return self._existing(written, path, located)
        if link_facts.is_elsewhere(written):
            return None
        return self._fault(source, written, path)

    def _existing(self, written: str, path: str, located: str) -> Destination | None:
        if self.tree.submodules and self.tree.is_in_submodule(path):
            return Destination(path, '', SUBMODULE) if self.options.submodules == 'reject' else None
        if written[-1] == '/' and located in self.tree.files:
            return Destination(path, '', MISSING, path)
        return Destination(located, '')

    def _fault(self, source: str, written: str, path: str | None) -> Destination | None:
        if _ABSOLUTE.match(written):
            return Destination(written, '', ABSOLUTE, self._inside(written))
        if path is None:
            return None if is_host_page(source, written) else Destination(written, '', OUTSIDE)
        if self._generated and self._generated(path):
            return None
        line = LINE_NUMBER.match(written) if ':' in written else None
        if line and '/' not in line[1] and '.' not in line[1]:
            return None  # localhost:8080
        if line and self.tree.locate(tree.join('' if written[0] == '/' else tree.folder_of(source), line[1]) or '\0'):
            return Destination(path, '', LINE, f'{line[1]}#L{line[2]}' + (f'-L{line[3]}' if line[3] else ''))
        if path in self.tree.links:
            return Destination(path, '', SYMLINK)
        other = self.tree.other_spelling(path)
        if other is not None:
            return Destination(path, '', CASE, other)
        return Destination(path, '', MISSING, self._nearby(source, written, path))

    def _nearby(self, source: str, written: str, path: str) -> str:
        candidates = [path + ending for ending in tree.MARKDOWN]
        if '\\' in written:
            candidates.append(tree.join('' if written[0] == '/' else tree.folder_of(source), written.replace('\\', '/')) or '')
        return next((candidate for candidate in candidates if candidate in self.tree.files), '')

    def _inside(self, written: str) -> str:
        """Return the tracked file whose path the end of the absolute path `written` is, the longest first."""
        return next((end for end in ends(written) if end in self.tree.files), '')

    def generated(self, source: str, target: str) -> str | None:
        """Return the path that a decoded target names where the settings call it generated: nothing is wrong while no such file is tracked."""
        if self._generated is None:
            return None
        written = target.partition('#')[0].partition('?')[0]
        path = tree.join('' if written[:1] == '/' else tree.folder_of(source), written)
        return path if path and self._generated(path) else None

    def page(self, destination: Destination) -> str | None:
        """Return the Markdown file whose anchors the fragment of `destination` names; None when nobody can tell.

        `#readme` is none of them: the host gives it to the box in which it shows a README.
        """
        path: str | None = destination.path
        if self.tree.is_folder(destination.path):
            path = self.tree.readme(destination.path)
        if not path or not tree.is_markdown(path):
            return None
        return None if destination.fragment == 'readme' and _README.match(path) else path
