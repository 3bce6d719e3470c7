"""The only module that knows detect-secrets, the second opinion: other people's rules, over what ours have left."""
from __future__ import annotations

import math
import re
import time
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from typing import TYPE_CHECKING

from daybook.errors import FatalError
from daybook.transcripts import words
from daybook.transcripts.redaction import Late

if TYPE_CHECKING:
    from detect_secrets.plugins.base import BasePlugin

# they take every hash and every address for a secret
_LEFT_OUT = {'Base64HighEntropyString', 'HexHighEntropyString', 'IPPublicDetector'}
_MARK = re.compile(r'\[REDACTED:[^\]]*\]?')
_PIECE = 1000  # characters of a line that are looked at together, as some rules take time squared
_OVERLAP = 200
_SEEN = 400_000  # lines that are remembered to be clean: agents read the same files over and over
_KEYWORDS = words.Words(frozenset(('key', 'pass', 'pwd', 'secret', 'contrase')), is_folded=True)


def _pieces(text: str) -> Iterator[str]:
    for line in text.split('\n'):
        if len(line) <= _PIECE:
            yield line
        else:
            yield from (line[start:start + _PIECE] for start in range(0, len(line) - _OVERLAP, _PIECE - _OVERLAP))


def _installing() -> str:
    from daybook.writers import calls  # few runs have to say it

    return f'pip install {calls.requirement("transcripts")}'


class Scanner:
    """The detectors of detect-secrets, made once. Nothing of it asks a network: `verify` is never called."""

    def __init__(self, deadline: float = math.inf) -> None:
        """Make the detectors. From `deadline` on, a time of `time.monotonic`, `find` raises Late."""
        try:
            from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class
            from detect_secrets.filters import heuristic
        except ImportError as error:
            raise FatalError(f'the second scanner is not installed: {_installing()}') from error
        classes: Mapping[str, type[BasePlugin]] = get_mapping_from_secret_type_to_class()
        self._detectors = [kind() for kind in classes.values() if kind.__name__ not in _LEFT_OUT]
        self._keyword = next(one for one in self._detectors if type(one).__name__ == 'KeywordDetector')
        self._detectors.remove(self._keyword)
        self._words = [(one, words.required(getattr(one, 'denylist', ()))) for one in self._detectors]
        self._harmless: tuple[Callable[[str], bool], ...] = (
            heuristic.is_templated_secret, heuristic.is_prefixed_with_dollar_sign, heuristic.is_sequential_string,
            heuristic.is_not_alphanumeric_string, heuristic.is_potential_uuid)
        self._is_reference: Callable[[str], bool] = heuristic.is_indirect_reference
        self._clean: set[int] = set()
        self._deadline = deadline
        self._require_working()

    def _require_working(self) -> None:
        # made here, so that no scanner of this source takes them for real
        for sample in ('gh' + 'p_' + 'a1B2c3D4' * 4 + 'x9Y8', 'AK' + 'IA' + 'Q3EGRIRB7XMCTL2P', '-----BEGIN RSA ' + 'PRIVATE KEY-----',
                       'pass' + 'word = "t0pS3cretValue"'):
            if not self.find(sample):
                raise FatalError(f'the second scanner does not find a known secret; install it again: {_installing()}')

    def _is_harmless(self, secret: str, line: str) -> bool:
        """Whether the scanner's own filters, as they are by default, would drop a value beside a telling name."""
        return any(is_harmless(secret) for is_harmless in self._harmless) or self._is_reference(line)

    def _keywords(self, text: str) -> Iterator[tuple[str, str]]:
        for piece in words.lines(text, _KEYWORDS).split('\n'):
            if time.monotonic() > self._deadline:
                raise Late('it took longer than transcripts.timeout')
            for secret in self._keyword.analyze_string(piece):
                if not self._is_harmless(secret, piece) and len(secret.strip()) >= 4:
                    yield 'secret-keyword', secret

    def find(self, text: str) -> list[tuple[str, str]]:
        """Return kind and value of everything in `text` that is taken for a secret, but for our own marks."""
        # each detector looks at a line alone, so a line that was clean once is clean again
        lines = {hash(line): line for line in _pieces(text) if len(line) > 7 and hash(line) not in self._clean}
        new = '\n'.join(lines.values())
        found = [(one.secret_type.lower().replace(' ', '-'), secret) for one, wanted in self._words
                 for secret in one.analyze_string(words.lines(new, wanted) if wanted else new)]
        told = [(kind, secret) for kind, secret in dict.fromkeys([*found, *self._keywords(new)])
                if secret and not _MARK.search(secret) and secret in text]
        if not told:
            self._clean = self._clean if len(self._clean) < _SEEN else set()
            self._clean.update(lines)
        return told
