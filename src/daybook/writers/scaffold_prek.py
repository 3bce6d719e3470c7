"""Our entry in `prek.toml`, the configuration of prek that wins over pre-commit's: lines put in, proven by reading the file again."""
from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable
from collections.abc import Sequence
from typing import Any

from daybook.errors import FatalError
from daybook.writers import scaffold_edits

_OPENS_HOOKS = re.compile(r'\bhooks[ \t]*=[ \t]*\[([ \t]*\r?\n)?')
_CLOSES = re.compile(r'^[ \t]*\]', re.MULTILINE)
_INLINE = re.compile(r'^[ \t]*repos[ \t]*=[ \t]*\[', re.MULTILINE)


def read(data: bytes) -> dict[str, Any]:
    """Return what the file says. Raises FatalError."""
    try:
        return tomllib.loads(data.decode('utf-8'))
    except ValueError as error:  # of bytes that are no UTF-8, too
        raise FatalError(f'not valid TOML: {error}') from error


def _hook(hook_id: str) -> str:
    return f'{{ id = {_text(hook_id)} }}'


def items(hook_ids: Iterable[str]) -> str:
    """Return hooks as the items of an array, a line each."""
    return ''.join(f'  {_hook(hook_id)},\n' for hook_id in hook_ids)


def _text(value: str) -> str:
    # what JSON escapes, TOML escapes alike, but for surrogates, which no text of ours holds
    return json.dumps(value, ensure_ascii=False)


def entry(data: bytes, url: str, rev: str, hook_ids: Sequence[str]) -> str:
    """Return our entry as it is to be put in: a table of its own, or an item of the array in which the file has all of them."""
    if _INLINE.search(data.decode('utf-8', 'replace')):
        return f'  {{ repo = {_text(url)}, rev = {_text(rev)}, hooks = [{", ".join(map(_hook, hook_ids))}] }},\n'
    return f'[[repos]]\nrepo = {_text(url)}\nrev = {_text(rev)}\nhooks = [\n{items(hook_ids)}]\n'


def _proven(candidates: Iterable[bytes], wanted: dict[str, Any]) -> bytes:
    """Return the first of `candidates` that says what is wanted, and nothing else. Raises FatalError where none does."""
    for edited in candidates:
        try:
            if read(edited) == wanted:
                return edited
        except FatalError:
            continue
    raise FatalError('the addition could not be proven by reading it again')


def _inserted(data: bytes, places: Iterable[tuple[int, str]]) -> Iterable[bytes]:
    whole, newline = data.decode('utf-8'), scaffold_edits.newline_of(data)
    for at, text in places:
        yield (whole[:at] + text.replace('\n', newline) + whole[at:]).encode()


def add_entry(data: bytes, text: str) -> bytes:
    """Return the file with `text`, an `entry`, as the last of its repositories. Raises FatalError where that cannot be done."""
    before = read(data)
    if not isinstance(before.get('repos', []), list):
        raise FatalError('`repos` is no array')
    ours = read(text.encode() if text.startswith('[[') else f'repos = [\n{text}]\n'.encode())
    wanted = {**before, 'repos': [*before.get('repos', []), *ours['repos']]}
    if not text.startswith('[['):
        return _proven(_inserted(data, ((match.start(), text) for match in _CLOSES.finditer(data.decode()))), wanted)
    gap = b'' if not data or data.endswith((b'\n\n', b'\n\r\n')) else scaffold_edits.newline_of(data).encode() * (1 if data.endswith(b'\n') else 2)
    return _proven([scaffold_edits.append(data + gap, text)], wanted)


def add_hooks(data: bytes, number: int, hook_ids: Sequence[str]) -> bytes:
    """Return the file with `hook_ids` as the first hooks of its repository `number` (from 0). Raises FatalError where that cannot be done."""
    wanted = read(data)
    wanted['repos'][number]['hooks'][:0] = [{'id': hook_id} for hook_id in hook_ids]
    lines, words = items(hook_ids), ''.join(f'{_hook(hook_id)}, ' for hook_id in hook_ids)
    return _proven(_inserted(data, ((match.end(), lines if match[1] else words) for match in _OPENS_HOOKS.finditer(data.decode()))), wanted)
