"""Secrets that only their place betrays: beside a telling name, on a command line, in a header, in a question's answer.

For transcripts, where a mark too many costs little. `secrets` knows those that their own prefix betrays.
"""
from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable
from collections.abc import Iterator
from typing import NamedTuple


class Span(NamedTuple):
    """Where in a text a secret stands, and what betrayed it."""

    start: int
    end: int
    kind: str


_NAMES = (r'(?:api|secret[_-]?access|access|secret|sign(?:ing)?|encrypt(?:ion)?|account|auth|master|client|service|session|storage|license|shared|db)[_-]?key'
          r'|private[_-]?key(?:[_-]id)?|password|passwd|passphrase|passcode|pwd|secret|token|credentials?|(?<![a-z])pin(?![a-z])'
          r'|(?-i:(?<=[a-z])Pin(?![a-z]))')
# what a name says about a secret instead of holding it: password_length, tokensUsed, secretName
_ABOUT = re.compile(r'[_-]?(?:s(?![a-z])|type|polic|length|len(?![a-z])|count|ttl|us(?:ed|age)|limit|attempt|iz(?:er|e|ation)|is[ei]|name|ur[il]|file'
                    r'|path|hash|expir|age(?![a-z])|format|field|prompt|reset|strength|hint|label|placeholder|error|valid|required|manager|store|provider'
                    r'|service|class|id(?![a-z])|arn(?![a-z])|ref(?![a-z])|version|rotat|budget|ring(?![a-z])|less|ary(?![a-z])|ed(?![a-z])|pattern|rule|scan'
                    r'|detect|index|list|map|set(?![a-z])|env(?![a-z])|header|param|key(?![a-z])|bucket|estimat|per[_-]|window|cost)', re.IGNORECASE)
_NUMBERS = re.compile(r'pass|pwd|pin|secret', re.IGNORECASE)  # these may be digits alone; a token of digits is a count
_LONG_NUMBER = 15  # digits; more than anybody counts
_NOTHING = re.compile(r'(?:\*+|x+|\.{3,}|…|-+|none|null|nil|true|false|undefined|yes|no|string|str|int|number|bool(?:ean)?|bytes|any|required|optional'
                      r'|todo|tbd|n/a|example|required|secret|password|token|changeme|your[ _-].*|env(?:iron)?[.:\[].*|my[_-](?:token|secret|key|password))[.,;:]*',
                      re.IGNORECASE)
_REFERENCE = re.compile(r'[<$%{\[*]|@\{|`|(?:self|this|cls|os|sys|process|config|conf|cfg|settings|env|req|request|res|response|ctx|context|options|opts'
                        r'|args|props|params|data|user|body|state|session|import\.meta|secrets|vars|var|inputs|github|local|module|each)[.\[]|\[REDACTED:')
_CODE = re.compile(r'[A-Za-z_$][\w.$?!]*(?:[(\[{:]|::|->|=>)|[A-Za-z_$.][A-Za-z_$.?!]*[*,;:).\]}]*$')
_HASH = re.compile(r'(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{56}|[0-9a-f]{64}|[0-9a-f]{96}|[0-9a-f]{128})', re.IGNORECASE)
_NAMED = re.compile(r'[A-Za-z]+(?:[_.-][A-Za-z]*[0-9]{0,3})+')
_FILE = re.compile(r'.*\.[a-z]{2,5}[0-9]?')
_UUID = re.compile(r'[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}', re.IGNORECASE)

_VALUE = (r'(?:(?P<esc>\\+)(?P<q>["\'])(?P<escaped>[^\n]{1,1000}?)(?P=esc)(?P=q)'
          r'|"(?P<double>(?:[^"\\\n]|\\.){1,1000})"?|\'(?P<single>(?:[^\'\\\n]|\\.){1,1000})\'?|`(?P<tick>[^`\n]{1,1000})`'
          r'|(?P<plain>[^\s"\'`<>&|\\]{1,1000}))')
# between a name and its sign: `string` in Go, `: str` in Python
_TYPE = r'(?:[ \t]{1,4}string(?=[ \t]{0,8}=)|[ \t]{0,4}:[ \t]{0,4}(?:str|string|char[ ]?\*)(?=[ \t]{0,8}=))?'
_ASSIGNED = re.compile(rf'(?i)(?P<name>{_NAMES})(?P<about>[a-z0-9_-]{{0,40}})\\*["\'`]?[\]*]{{0,2}}{_TYPE}[ \t]{{0,8}}'
                       rf'(?::{{1,3}}=|=>|[?.+]=(?!=)|\|\|=|[:=](?!=))\*{{0,2}}[ \t]{{0,8}}{_VALUE}')
# the name and the value are two arguments of a call: both in quotes
_PASSED = re.compile(rf'(?i)["\'](?P<name>[\w.-]{{0,60}}(?:{_NAMES}))\\*["\'][ \t]{{0,4}},[ \t]{{0,4}}\\*["\'](?P<secret>[^\s"\'\\]{{4,500}})\\*["\']')
_RANDOM_BESIDE = re.compile(r'(?i)(?:key|auth|cookie|session|signature|sig|cred|hmac|salt|bearer|jwt|sas|webhook|nonce)[a-z0-9_-]{0,20}'
                            r'[\\"\'`]{0,4}[ \t]{0,4}[:=][ \t]{0,4}[\\"\'`]{0,4}(?P<secret>[A-Za-z0-9+/_=.~-]{20,500})')
# words in lower case without one of which a line holds nothing for `spans`
WORDS = ('pass', 'pwd', 'secret', 'token', 'key', 'cred', 'pin', 'auth', 'cookie', 'sig', 'hmac', 'salt', 'jwt', 'sas', 'nonce', 'webhook',
         'bearer', 'login', 'mysql', 'curl', ' -u', '--user', 'identified', '://', 'code=')
_MANY_LINES = ('netrc', 'named', 'xml')

# kind, a word without which there is no match (lower case), pattern with the group `secret`
_PLACES = tuple((kind, word, re.compile(pattern)) for kind, word, pattern in (
    ('header', 'authorization', r'(?i)authorization\\*["\']?[ \t]*[:=][ \t]*\\*["\']?(?:[a-z-]{2,20}[ \t]+)?'
                                r'(?P<secret>(?=[^\s"\'\\]{0,100}[0-9]|[^\s"\'\\]{20})[^\s"\'\\,<>$\[{]{8,})'),
    ('cookie', 'cookie', r'(?i)\b(?:set-)?cookie\\*["\']?[ \t]*:[ \t]*\\*["\']?(?P<secret>[A-Za-z0-9_.-]{1,60}=(?!\[REDACTED:)[^\r\n"\'\\]{8,})'),
    ('flag', '-', r'(?i)(?<![\w-])--?(?:[a-z0-9]+-){0,4}(?:password|passwd|pass|pwd|token|secret|passphrase|api-?key|access-?key|secret-?key)[ \t]+'
                  r'\\*["\']?(?P<secret>(?=[^\s"\'\\]{0,100}[0-9!@#%^*+/=])(?!-|\$|<|\[|\{|[0-9]+(?:\s|$))[^\s"\'\\<>|;]{4,})'),
    ('flag', 'mysql', r'\bmysql[a-z]*\b[^\n|;]{0,200}?\s-p(?P<secret>(?!\$|<|assword)[^\s"\']{4,})'),
    ('flag', 'sshpass', r'\bsshpass[ \t]+-p[ \t]*\\*["\']?(?P<secret>(?!\$|<)[^\s"\'\\]{3,})'),
    ('flag', 'login', r'\blogin\b[^\n|;]{0,200}?\s-p[ =]?(?P<secret>(?!\$|<|-)[^\s"\']{4,})'),
    ('flag', 'curl', r'\bcurl\b[^\n|;]{0,400}?\s(?:-u|--user)[ =]{0,3}\\*["\']?[^\s:"\'$]{0,100}:\\*["\']{0,2}(?P<secret>(?!\$|<|\*|\[REDACTED:)[^\s"\'\\]{3,})'),
    ('flag', 'curl', r'\bcurl\b[^\n|;]{0,400}?\s(?:-u|--user)[ =]{0,3}\\*["\']?(?P<secret>(?!\$|<|\*|\[REDACTED:)[^\s:"\'\\]{12,}):(?=\\*["\'\s])'),
    ('flag', ' -u', r'(?m)^[ \t]{1,16}(?:-u|--user)[ =]{1,3}\\*["\']?[^\s:"\'$]{1,100}:(?P<secret>(?!\$|<|\*|\[REDACTED:)[^\s"\'\\]{6,})'),
    ('flag', ' --user', r'(?<!run)[ \t]--user[ =]{1,3}\\*["\']?[^\s:"\'$/]{2,100}:(?P<secret>(?=[^\s"\'\\]{0,100}[0-9])(?=[^\s"\'\\]{0,100}[A-Za-z])(?!\$|<|\*|\[REDACTED:)[^\s"\'\\]{8,})'),
    ('flag', '%', r'\s-U[ =]?\\*["\']?[A-Za-z][\w.@\\/-]{0,60}%(?P<secret>(?!\$|<)[^\s"\'\\]{3,})'),
    ('netrc', 'login', r'\blogin\s+\S{1,100}\s+password\s+(?P<secret>\S{3,})'),
    ('sql', 'by', r'(?i)\bidentified by\s+\\*\'(?P<secret>[^\'\\\n]{3,200})'),
    ('sql', 'password', r'(?i)\bpassword\s+\\*\'(?P<secret>[^\'\\\n]{3,200})\\*\''),
    ('xml', '</', r'(?i)<[\w-]{0,30}(?:password|passwd|secret|token|api_?key)>\s{0,80}(?P<secret>(?![<$\[{\s])[^<\n]{4,500}?)\s{0,80}</'),
    ('named', 'value', r'(?i)\bname:[ \t]*["\']?\w{0,60}(?:password|passwd|secret|token|key|pwd)["\']?[ \t]*\r?\n[ \t]*value:[ \t]*["\']?'
                       r'(?P<secret>(?![$<{\[])[^\s"\']{4,500})'),
    ('query', '=', r'(?i)[?&](?:sig|signature|x-amz-signature|x-amz-security-token|x-goog-signature|code|auth|key|token)='
                   r'(?P<secret>(?=[^\s&"\']{0,100}[0-9])[A-Za-z0-9%._~+/=-]{16,})'),
    ('url-token', '@', r'(?<=://)(?P<secret>(?=[A-Za-z_-]{0,60}[0-9])(?=[0-9_-]{0,60}[A-Za-z])[A-Za-z0-9_-]{16,200})(?=@)'),
    ('told', ' ', r'(?i)\b(?:password|passwd|passphrase|passcode|secret|api[ -]?key|pin)\s+(?:is|was|are|be|to|=)[ \t]*:?[ \t]*\\*["\'`]?'
                  r'(?P<secret>(?=[^\s"\'`]{0,60}[0-9])(?=[^\s"\'`]{0,60}[A-Za-z!@#$%^*-])(?![$<{\[])[^\s"\'`,;()\\]{6,200})'),
))


def randomness(text: str) -> float:
    """Return Shannon's entropy of the characters of `text`, in bits for each."""
    return -sum(n / len(text) * math.log2(n / len(text)) for n in Counter(text).values()) if text else 0.0


def is_random(value: str) -> bool:
    """Whether a value looks drawn at random, and is no content hash, commit or UUID, which do too."""
    if len(value) < 16 or any(known.fullmatch(value) for known in (_HASH, _UUID, _FILE)) or value.startswith(('sha256', 'sha512', 'sha1', '/', './')):
        return False
    return bool(re.search(r'[0-9]', value) and re.search(r'[a-z]', value) and re.search(r'[A-Z]', value)) and randomness(value) >= 3.5


def is_random_word(value: str) -> bool:
    """Whether a word has digits among its letters, as words that people write seldom have; `key_b64` is a name."""
    return len(value) >= 8 and not _NAMED.fullmatch(value) and bool(re.search(r'[0-9]', value) and re.search(r'[A-Za-z]', value))


def is_telling(name: str) -> bool:
    """Whether a key of this name holds a secret: DB_PASSWORD, apiKey; not max_tokens, password_length."""
    return any(not _ABOUT.match(name, match.end()) for match in re.finditer(rf'(?i)(?:{_NAMES})', name))


def is_secret(name: str, value: str, *, is_quoted: bool) -> bool:
    """Whether `value`, beside a telling name, is one: no placeholder, no reference, no count, no code."""
    stripped = value.strip()
    if _REFERENCE.match(stripped) or _NOTHING.fullmatch(stripped) or '[REDACTED:' in stripped:
        return False
    if re.fullmatch(r'[0-9.,]+', stripped):
        return len(stripped) >= (4 if _NUMBERS.search(name) else _LONG_NUMBER)
    if is_quoted:
        return len(stripped) >= 4
    if re.match(r'\.{0,2}/|~/|https?://', stripped) and not is_random(stripped.lstrip('/')):
        return False
    return len(stripped) >= 4 and not _CODE.match(stripped)


def _assigned(text: str, start: int, end: int) -> Iterator[Span]:
    for match in _ASSIGNED.finditer(text, start, end):
        if _ABOUT.match(match['about']):
            continue
        group = next(name for name in ('escaped', 'double', 'single', 'tick', 'plain') if match[name] is not None)
        value = match[group].rstrip(',;)]}') if group == 'plain' else match[group]
        if value and is_secret(match['name'], value, is_quoted=group != 'plain'):
            yield Span(match.start(group), match.start(group) + len(value), 'assigned')


def _in_line(text: str, lower: str, start: int, end: int) -> Iterator[Span]:
    for kind, word, pattern in _PLACES:
        if kind not in _MANY_LINES and lower.find(word, start, end) >= 0:
            yield from (Span(*match.span('secret'), kind) for match in pattern.finditer(text, start, end))
    yield from _assigned(text, start, end)
    yield from (Span(*match.span('secret'), 'passed') for match in _PASSED.finditer(text, start, end)
                if is_telling(match['name']) and is_random_word(match['secret']) and is_secret(match['name'], match['secret'], is_quoted=True))
    yield from (Span(*match.span('secret'), 'random') for match in _RANDOM_BESIDE.finditer(text, start, end) if is_random(match['secret']))


def _is_marked(text: str, span: Span) -> bool:
    """Whether a span holds a mark, or lies in one, whose kind is a telling name too."""
    before = text[max(0, span.start - 60):span.start]
    return '[REDACTED:' in text[span.start:span.end] or before.rfind('[REDACTED:') > before.rfind(']')


def spans(text: str, lower: str, lines: Iterable[tuple[int, int]]) -> list[Span]:
    """Return where secrets stand in `text`, in order, apart from each other.

    `lower` is the text in lower case, place for place; `lines` are the ends of those of its lines that hold one of `WORDS`.
    """
    found = [Span(*match.span('secret'), kind) for kind, word, pattern in _PLACES if kind in _MANY_LINES and word in lower
             for match in pattern.finditer(text)]
    for start, end in lines:
        found += _in_line(text, lower, start, end)
    apart: list[Span] = []
    for span in sorted(found, key=lambda span: (span.start, -span.end)):
        if apart and span.start < apart[-1].end:
            apart[-1] = apart[-1]._replace(end=max(span.end, apart[-1].end))
        elif not _is_marked(text, span):
            apart.append(span)
    return apart
