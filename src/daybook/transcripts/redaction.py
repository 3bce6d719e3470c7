"""Redaction of one transcript, record by record: what is decoded is looked at, not its escapes."""
from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from collections.abc import Iterator
from typing import Any

from daybook.errors import FatalError
from daybook.rules import encodings
from daybook.rules import secret_context
from daybook.rules import secrets

Finder = Callable[[str], list[tuple[str, str]]]
_PEM_END = re.compile(r'-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----')
_PEM_BODY = re.compile(r'(?:\s*[A-Za-z0-9+/=]{16,}\s*)+')
_LABELS = ('name', 'Name', 'key', 'Key', 'variable', 'env')
_VALUES = ('value', 'Value', 'val', 'content')
_DEPTH = 2  # base64 of base64 is looked into, and no deeper
_ROUNDS = 4
_SHORT = 8  # characters; less is no secret without the name of its key
_AROUND = ' \t=:"\\'  # what a detector takes with the secret; a quote may be none of the text's own
_REMEMBERED = 1000


class Unclean(Exception):
    """The second scanner still finds something after it was taken out: nothing may be kept."""


class Late(FatalError):
    """The time that a redaction may take is over: nothing may be kept."""


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Keep what a parser would drop: of two equal keys, the value of the first too."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        number, name = 1, key
        while name in found:
            number, name = number + 1, f'{key} ({number + 1})'
        found[name] = value
    return found


def leaves(value: Any, name: str = '') -> Iterator[tuple[str, str]]:
    """Yield every text of a JSON value with the key that it stands under."""
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield '', key
            yield from leaves(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner, name)


def _taken_out(text: str, secret: str, mark: str, *, is_word: bool) -> str:
    if text == secret or not is_word or re.search('[0-9]', secret):
        return text.replace(secret, mark)
    # a word like any other: only where it stands in quotes, as the scanner saw it
    return re.sub(rf'(?<=["\'`]){re.escape(secret)}(?=["\'`])', lambda match: mark, text)


def _replaced(value: Any, wanted: dict[str, str], words: set[str]) -> Any:
    if isinstance(value, str):
        for secret, mark in wanted.items():
            value = _taken_out(value, secret, mark, is_word=secret in words)
        return value
    if isinstance(value, dict):
        return {_replaced(key, wanted, words): _replaced(inner, wanted, words) for key, inner in value.items()}
    return [_replaced(inner, wanted, words) for inner in value] if isinstance(value, list) else value


class Redactor:
    """What one transcript has shown so far: how many secrets of each kind, and those that may stand elsewhere without a sign."""

    def __init__(self, find: Finder) -> None:
        self.find = find
        self.counts: Counter[str] = Counter()
        self.known: dict[str, str] = {}
        self._is_open = False  # a private key began in an earlier piece of plain text and has not ended

    def _mark(self, kind: str, secret: str) -> str:
        self.counts[kind] += 1
        mark = secrets.mark(kind, secret)
        if len(secret) >= 12 and len(self.known) < _REMEMBERED and re.search('[0-9]', secret) \
                and secret_context.randomness(secret) >= 3 and '\n' not in secret:
            self.known[secret] = self.known[json.dumps(secret, ensure_ascii=False)[1:-1]] = mark
        return mark

    def _by_rules(self, text: str) -> str:
        text, found = secrets.redact_told(text)
        for kind, secret in found:
            self._mark(kind, secret)
        lower = secrets.lower_of(text)
        pieces, end = [], 0
        for span in secret_context.spans(text, lower, secrets.lines_with(lower, secret_context.WORDS)):
            pieces += [text[end:span.start], self._mark(span.kind, text[span.start:span.end])]
            end = span.end
        return ''.join([*pieces, text[end:]])

    def _encoded(self, text: str, depth: int) -> str:
        def replace(run: str, plains: Iterator[str | None]) -> str:
            # what nobody here can unpack may hold anything
            return self._mark('encoded', run) if any(plain is None or self._text(plain, depth - 1) != plain for plain in plains) else run
        return encodings.replaced(text, replace)

    def _text(self, text: str, depth: int) -> str:
        redacted = self._by_rules(text)
        return self._encoded(redacted, depth) if depth and len(redacted) >= 20 else redacted

    def text(self, text: str) -> str:
        """Return `text` without secrets; also those that escapes or unseen characters hide, which are then resolved."""
        if len(text) < _SHORT:
            return text
        redacted = self._text(text, _DEPTH)
        for plain in encodings.resolved(redacted):
            shown = self._text(plain, _DEPTH)
            if shown != plain:
                return self.text(shown)
        return redacted

    def _value(self, value: Any, name: str) -> Any:
        if isinstance(value, str):
            if name and secret_context.is_telling(name) and secret_context.is_secret(name, value, is_quoted=True):
                return self._mark('assigned', value)
            return self.text(value)
        if isinstance(value, dict):
            label = next((value[key] for key in _LABELS if isinstance(value.get(key), str)), '')
            names = {key: label if key in _VALUES else key for key in value}
            return {self.text(key): self._value(inner, names[key]) for key, inner in value.items()}
        if isinstance(value, list):
            return [self._value(inner, name) for inner in value]
        if type(value) in (int, float) and name and secret_context.is_telling(name) \
                and secret_context.is_secret(name, str(value), is_quoted=True):
            return self._mark('assigned', str(value))
        return value

    def _scanned(self, value: Any) -> Any:
        """Return `value` without what the second scanner finds in it. Raises Unclean."""
        for number in range(_ROUNDS):
            shown = '\n'.join(f'{name}: "{text}"' if name and '\n' not in text else text for name, text in leaves(value))
            found = self.find(shown)
            if not found:
                return value
            found = [(kind, secret.strip(_AROUND) or secret) for kind, secret in found]
            wanted = {secret: self._mark(f'scanner-{kind}', secret) for kind, secret in found}
            # what a telling name stands beside may be a word of the language; from the third round on it goes everywhere
            words = {secret for kind, secret in found if kind == 'secret-keyword'} if number < 2 else set()
            value = _replaced(value, wanted, words)
        raise Unclean(f'the second scanner still finds {found[0][0]} after redaction')

    def record(self, line: str) -> str | None:
        """Return one line of JSON without secrets, or None when it is no JSON; a clean line comes back as it was."""
        try:
            value = json.loads(line, object_pairs_hook=_pairs)
            if not isinstance(value, (dict, list)):
                return None
            redacted = self._scanned(self._value(value, ''))
        except (ValueError, RecursionError):
            return None
        if redacted == value:
            return line
        text = json.dumps(redacted, ensure_ascii=False, separators=(',', ':'))
        return text + line[len(line.rstrip('\r\n')):]

    def plain(self, text: str) -> str:
        """Return lines that are no JSON without secrets; a private key that an earlier call began is taken out to its end."""
        if self._is_open:
            end = _PEM_END.search(text)
            body = _PEM_BODY.match(text)
            cut = end.end() if end else body.end() if body else 0
            self._is_open = not end and cut == len(text)
            text = (self._mark('private-key', text[:cut]) + '\n' if cut else '') + text[cut:]
        begins = [match.end() for match in re.finditer(r'-----BEGIN [A-Z0-9 ]*PRIVATE KEY', text)]
        if begins and not _PEM_END.search(text, begins[-1]):
            self._is_open = True
        return str(self._scanned(self.text(text)))

    def known_in(self, text: str) -> str:
        """Return `text` without values that turned out to be secrets, wherever they stand."""
        for secret, mark in self.known.items():
            if secret in text:
                text = text.replace(secret, mark)
                self.counts['repeated'] += 1
        return text
