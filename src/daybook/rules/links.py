"""Rule: every link leads to a tracked file, and every `#fragment` to an anchor of it."""
from __future__ import annotations

import functools
import posixpath
import re
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Set
from typing import NamedTuple

from daybook.documents import destination
from daybook.documents import tree
from daybook.documents.destination import Destination
from daybook.documents.destination import Fault
from daybook.documents.destination import Resolver
from daybook.documents.link_facts import Facts
from daybook.documents.link_facts import UNCLEAR
from daybook.documents.link_facts import has_anchor
from daybook.documents.markdown_marks import Place
from daybook.documents.percent import encoded
from daybook.problem import Problem

WIKILINK = 'link-wikilink'
_CONTENTS = '_TOC_'  # `[[_TOC_]]` is where GitLab and Azure show a table of contents
_NOT_WORD = re.compile(r'[\W_]+')

AnchorsOf = Callable[[str], Set[str] | None]


class Seen(NamedTuple):
    """What the facts of one file come to: targets that are dead, and those that a page must have an anchor for.

    `checks` are target, page and fragment of one after the other, as one text. `keys` are the folded paths on which any
    of it depends. Nothing is there twice; all of it costs little to hold and to send.
    """

    dead: tuple[str, ...]
    checks: str
    keys: tuple[str, ...]
    has_wikilinks: bool


def look(source: str, facts: Facts, resolver: Resolver, *, with_keys: bool) -> Seen:
    """Return what the targets of `facts`, those of the file `source`, come to; keys are worth their time when asked for."""
    dead: set[str] = set()
    checks: list[str] = []
    keys: set[str] = set()
    here, anywhere = (set(), set()) if with_keys else resolver.fine(source)
    for target in facts.targets:
        if target in here or target in anywhere:
            continue
        if target[0] == '#':
            dead.add(target)
            continue
        found = resolver.follow(source, target, is_decoded=True, is_once=not with_keys and '#' not in target)
        if found is None or not found.fault and not found.fragment:
            (anywhere if target[0] == '/' else here).add(target)
        if found is None:
            if with_keys and (path := resolver.generated(source, target)):
                keys.add(tree.folded(path))
            continue
        if found.fault:
            dead.add(target)
        elif found.fragment and (page := resolver.page(found)):
            checks += target, page, found.fragment
        if with_keys:
            keys.update((UNCLEAR,) if target == UNCLEAR else map(tree.folded, _deciding(found, resolver)))
    keys.update(f'[[{name_of(target)}' for target in facts.wikilinks)
    return Seen(tuple(dead), '\0'.join(checks), tuple(keys), bool(facts.wikilinks))


def checks(seen: Seen) -> Iterator[tuple[str, str, str]]:
    """Yield target, page and fragment of each of `seen.checks`."""
    parts = iter(seen.checks.split('\0') if seen.checks else ())
    return zip(parts, parts, parts)


def _deciding(found: Destination, resolver: Resolver) -> Iterable[str]:
    """Return the paths that decided where a link leads: if one of them comes or goes (`depending_on`), it may lead elsewhere."""
    yield found.path
    if found.fault:
        yield from _probed(found)
    elif found.fragment and (page := resolver.page(found)):
        yield page


def _probed(found: Destination) -> Iterable[str]:
    """Return the other paths that decided on a fault, which may appear or vanish."""
    if found.fault == destination.ABSOLUTE:
        yield from destination.ends(found.path)
    if line := destination.LINE_NUMBER.match(found.path):
        yield line[1]
    if '\\' in found.path:
        yield tree.join('', found.path.replace('\\', '/')) or ''


def depending_on(path: str) -> set[str]:
    """Return the keys of whatever depends on whether there is a file `path`.

    Of a page these are also those of its name without ending, and of a README that of the folder that shows it.
    """
    folded = tree.folded(path)
    shown_in = {tree.folder_of(folded)} if folded.rpartition('/')[2].startswith('readme.') else set()
    return {folded, f'[[{name_of(path)}', *(folded.removesuffix(ending) for ending in tree.MARKDOWN), *shown_in}


def faults(source: str, links: Iterable[Place], resolver: Resolver, anchors_of: AnchorsOf) -> list[Fault]:
    """Return the links of the file `source` that lead nowhere; wikilinks are `wikilinks`' to judge."""
    found = []
    for link in links:
        led = resolver.follow(source, link.target) if link.kind != 'wikilink' else None
        if led is None:
            continue
        if not led.fault and led.fragment:
            page = resolver.page(led)
            anchors = anchors_of(page) if page else None
            if page is None or anchors is None or has_anchor(led.fragment, anchors):
                continue
            led = Destination(page, led.fragment, destination.ANCHOR, _similar(led.fragment, anchors))
        if led.fault:
            found.append(Fault(source, link, led))
    return found


def _letters(text: str) -> str:
    return _NOT_WORD.sub('', text.casefold())


@functools.lru_cache(maxsize=16)  # the dead links of a page come one after the other
def _by_letters(anchors: frozenset[str]) -> dict[str, str]:
    return {_letters(anchor): anchor for anchor in sorted(anchors, reverse=True)}


def _similar(fragment: str, anchors: Set[str]) -> str:
    wanted = _letters(fragment)
    return _by_letters(frozenset(anchors)).get(wanted, '') if wanted else ''


def may_age(kind: str, meta: Mapping[str, object]) -> bool:
    """Return whether a document is a record of its time, so that a target which is lost later is no error in it.

    These are notes, decisions that were accepted, and what is over by its `status` or superseded.
    """
    from daybook.documents import review  # a repository without dead links asks nobody

    return kind == 'session' or review.is_closed(meta) or kind == 'adr' and review.first_word(meta.get('status')) == 'accepted'


def name_of(wikilink: str) -> str:
    """Return the folded name by which files are looked up for the target of a wikilink."""
    name = tree.folded(posixpath.basename(wikilink.partition('#')[0].strip()))
    return name.removesuffix('.md')


class Names:
    """The files of a repository by name, as wikilinks find them."""

    def __init__(self, files: Iterable[str]) -> None:
        self._paths: dict[str, list[str]] = {}
        for path in files:
            self._paths.setdefault(name_of(path), []).append(path)
        self._found: dict[str, list[str]] = {}

    def find(self, wikilink: str) -> list[str]:
        """Return the files that `[[wikilink]]` may mean: the last folders and the name agree, in any case."""
        written = tree.folded(wikilink.partition('#')[0].strip().strip('/')).removesuffix('.md')
        if written not in self._found:
            self._found[written] = sorted(path for path in self._paths.get(name_of(wikilink), ())
                                          if f'/{tree.folded(path).removesuffix(".md")}'.endswith(f'/{written}'))
        return self._found[written]


def wikilinks(source: str, links: Iterable[Place], names: Names, *, setting: str, is_document: bool) -> list[Problem]:
    """Return the wikilinks of the file `source`, which git hosts show as text.

    With `documents` those of documents are wrong where a file is meant beyond doubt, else only worth a warning:
    `[[…]]` may be anything, and outside of the documents an editor or a wiki may own them.
    """
    found = []
    for link in links if setting != 'ignore' and (is_document or setting != 'documents') else ():
        if link.kind != 'wikilink' or link.target.startswith('#') or link.target == _CONTENTS:
            continue
        paths = names.find(link.target)
        level = 'error' if setting == 'reject' or setting == 'documents' and len(paths) == 1 else 'warning'
        if len(paths) == 1:
            new = encoded(tree.relative(source, paths[0]))
            message = f'git hosts show [[{link.target}]] as text; link to {new}, or run `daybook audit-links --fix`'
        elif paths:
            message = f'git hosts show [[{link.target}]] as text, and it may be {" or ".join(paths[:3])}; write a link to one of them'
        else:
            message = f'git hosts show [[{link.target}]] as text, and no file has that name; write a link or other brackets'
        found.append(Problem(source, link.line, WIKILINK, message, level))
    return found
