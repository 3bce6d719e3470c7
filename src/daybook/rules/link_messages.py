"""What is told of a link that leads nowhere: what is wrong, what to do, and whose doing it is."""
from __future__ import annotations

import posixpath
import shlex
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Set
from typing import NamedTuple

from daybook.documents import destination
from daybook.documents import tree
from daybook.documents.destination import Fault
from daybook.documents.percent import encoded
from daybook.problem import Problem

UNTRACKED = 'link-untracked'
_INDEX = 'INDEX.md'  # as no text is read here, its name tells that it may be generated


class Around(NamedTuple):
    """What is known about a fault beyond the tree.

    `renamed` and `deleted` paths are those of the change at hand; `former` the anchors of its pages before it;
    `on_disk` tells of paths that are there, but not tracked, whether git ignores them. `lost` are source and target
    of links that were alive when they were written, in files that may age.
    """

    renamed: Mapping[str, str] = {}
    deleted: Set[str] = frozenset()
    former: Mapping[str, Set[str]] = {}
    on_disk: Mapping[str, bool] = {}
    lost: Set[tuple[str, str]] = frozenset()


def problem_of(fault: Fault, around: Around) -> Problem:
    """Return what to tell of one fault."""
    rule, message = _MESSAGES[fault.destination.fault](fault, around)
    level = 'error'
    if (fault.source, fault.link.target) in around.lost:
        level, message = 'warning', f'{message}; it was there when this file was written'
    elif rule == destination.ANCHOR and fault.destination.right.casefold() == fault.destination.fragment.casefold():
        level = 'warning'  # some hosts and editors find it
    return Problem(fault.source, fault.link.line, rule, message, level, tuple(_causes(fault)))


def _causes(fault: Fault) -> Iterable[str]:
    led = fault.destination
    if led.fault in (destination.MISSING, destination.ANCHOR, destination.CASE, destination.SYMLINK) and led.path != fault.source:
        yield led.path
    if led.fault == destination.CASE:
        yield led.right


def _from_the_top(path: str) -> str:
    """Return what names `path` to git in every folder, as what is kept is printed in others too; gitglossary(7), pathspec."""
    return shlex.quote(f':/{"" if path[0].isalnum() or path[0] == "." else ":"}{path}')


def _link(fault: Fault, path: str) -> str:
    """Return what the file of a fault would write to link to `path`."""
    return encoded(tree.relative(fault.source, path))


def is_index(source: str) -> bool:
    """Return whether the file `source` has the name of an index, which may be a generated one."""
    return posixpath.basename(source) == _INDEX


def _advice(fault: Fault, words: str) -> str:
    """Return what to do about a file that is not there: a line of a generated index is never mended by hand."""
    return f'run `daybook regen-indexes`, or in an index by hand {words}' if is_index(fault.source) else words


def _missing(fault: Fault, around: Around) -> tuple[str, str]:
    led, path = fault.destination, fault.destination.path or '.'
    if path in around.renamed:
        words = _advice(fault, f'link to {_link(fault, around.renamed[path])}, or run `daybook audit-links --fix`')
        return led.fault, f'no such file: {path}, renamed to {around.renamed[path]}; {words}'
    if path in around.deleted:
        return led.fault, f'no such file: {path}, deleted by this change; {_advice(fault, "take the link out or keep the file")}'
    if led.right == path:
        return led.fault, f'{path} is no folder; link to {_link(fault, path)}'
    if path in around.on_disk:
        if around.on_disk[path]:
            return UNTRACKED, f'git ignores {path}; link to a tracked file, or name it under `links: generated:` in .daybook/config.yaml'
        return UNTRACKED, f'not in git: {path}; add it with `git add -- {_from_the_top(path)}`'
    if led.right:
        return led.fault, f'no such file: {path}; {_advice(fault, f"link to {_link(fault, led.right)}")}'
    return led.fault, f'no such file: {path}; {_advice(fault, "correct the link or add the file")}'


def _case(fault: Fault, around: Around) -> tuple[str, str]:
    led = fault.destination
    words = _advice(fault, f'link to {_link(fault, led.right)}')
    return led.fault, f'no such file: {led.path}; the name is spelled {led.right}, {words}'


def _anchor(fault: Fault, around: Around) -> tuple[str, str]:
    led = fault.destination
    place = 'this file' if led.path == fault.source else led.path
    if led.right:
        return led.fault, f'no anchor #{led.fragment} in {place}; link to #{led.right}'
    if led.fragment in around.former.get(led.path, ()):
        return led.fault, f'no anchor #{led.fragment} in {place}, whose heading this change takes away; link to another heading'
    return led.fault, f'no anchor #{led.fragment} in {place}; link to one of its headings'


def _outside(fault: Fault, around: Around) -> tuple[str, str]:
    return fault.destination.fault, f'leads out of the repository: {fault.destination.path}; link to a tracked file or a URL'


def _absolute(fault: Fault, around: Around) -> tuple[str, str]:
    led = fault.destination
    instead = _link(fault, led.right) if led.right else 'a path relative to this file'
    return led.fault, f'a path of one machine: {led.path}; link to {instead}'


def _line(fault: Fault, around: Around) -> tuple[str, str]:
    return fault.destination.fault, f'git hosts know no line number behind a colon: {fault.link.target}; link to {fault.destination.right}'


def _symlink(fault: Fault, around: Around) -> tuple[str, str]:
    led = fault.destination
    return led.fault, f'{led.path} is a symbolic link that leads to no tracked file; link to the file itself'


def _submodule(fault: Fault, around: Around) -> tuple[str, str]:
    return fault.destination.fault, f'git hosts show no files of a submodule here: {fault.destination.path}; link to its own repository'


_MESSAGES = {
    destination.MISSING: _missing, destination.CASE: _case, destination.ANCHOR: _anchor,
    destination.OUTSIDE: _outside, destination.ABSOLUTE: _absolute, destination.LINE: _line,
    destination.SYMLINK: _symlink, destination.SUBMODULE: _submodule,
}
