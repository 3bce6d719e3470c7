"""The transcript archive: made-up secrets of every form in every hiding place, real prose, and every way to fail."""
from __future__ import annotations

import base64
import bz2
import gzip
import json
import lzma
import os
import random
import re
import string
import subprocess
import sys
import time
import uuid
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from conftest import ROOT
from conftest import Sandbox
from daybook.errors import FatalError
from daybook.rules import secret_context
from daybook.transcripts import archive
from daybook.transcripts import words
from daybook.transcripts.redaction import Late
from daybook.transcripts.redaction import Redactor
from daybook.transcripts.redaction import Unclean
from daybook.transcripts.scanner import Scanner
from handoffs import TEXT
from handoffs import copy_of
from handoffs import hand_off
from handoffs import make_template

# drawn by form alone, so that nothing in this file looks like a credential to a git host
_RANDOM = random.Random(os.environ.get('DAYBOOK_TEST_SEED', '20261121'))
_ALNUM = string.ascii_letters + string.digits
_HEX = '0123456789abcdef'


def _draw(letters: str, length: int) -> str:
    while True:
        text = ''.join(_RANDOM.choice(letters) for _ in range(length))
        if {c.isdigit() for c in text} == {True, False} and (letters != _ALNUM or len({c.isupper() for c in text}) == 2):
            return text


def _a(length: int) -> Callable[[], str]:
    return lambda: _draw(_ALNUM, length)


def _h(length: int) -> Callable[[], str]:
    return lambda: _draw(_HEX, length)


def _b64(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip('=')


def _pem(kind: str) -> str:
    body = base64.b64encode(_RANDOM.randbytes(300)).decode()
    lines = '\n'.join(body[n:n + 64] for n in range(0, len(body), 64))
    return f'-----BEGIN {kind}-----\n{lines}\n-----END {kind}-----'


# name -> what makes one; what a prefix alone betrays
_PREFIXED: dict[str, Callable[[], str]] = {
    'github classic': lambda: 'gh' + 'p_' + _draw(_ALNUM, 36), 'github server': lambda: 'gh' + 's_' + _draw(_ALNUM, 36),
    'github fine': lambda: 'github' + '_pat_' + _draw(_ALNUM, 22) + '_' + _draw(_ALNUM, 59), 'gitlab': lambda: 'glp' + 'at-' + _draw(_ALNUM, 20),
    'anthropic': lambda: 'sk-' + 'ant-api03-' + _draw(_ALNUM, 93), 'openai': lambda: 'sk-' + 'proj-' + _draw(_ALNUM, 48), 'openai old': lambda: 'sk-' + _draw(_ALNUM, 48),
    'openrouter': lambda: 'sk-' + 'or-v1-' + _draw(_HEX, 64), 'notion': lambda: 'nt' + 'n_' + _draw(_ALNUM, 46), 'notion old': lambda: 'sec' + 'ret_' + _draw(_ALNUM, 43),
    'slack bot': lambda: 'xo' + f'xb-{_draw(string.digits + "1a", 12).replace("a", "2")}-' + _draw(_ALNUM, 24), 'slack app': lambda: 'xa' + 'pp-1-A0B1-' + _draw(_HEX, 40),
    'slack hook': lambda: 'https://hooks.' + f'slack.com/services/T{_draw(_ALNUM, 8)}/B{_draw(_ALNUM, 8)}/{_draw(_ALNUM, 24)}',
    'aws': lambda: 'AK' + 'IA' + _draw(string.ascii_uppercase + string.digits, 16), 'google': lambda: 'AI' + 'za' + _draw(_ALNUM, 35),
    'google oauth': lambda: 'GOC' + 'SPX-' + _draw(_ALNUM, 28), 'stripe': lambda: 'sk' + '_live_' + _draw(_ALNUM, 24), 'npm': lambda: 'np' + 'm_' + _draw(_ALNUM, 36),
    'pypi': lambda: 'py' + 'pi-AgEIcHlwaS5vcmc' + _draw(_ALNUM, 60), 'huggingface': lambda: 'h' + 'f_' + _draw(_ALNUM, 34),
    'sendgrid': lambda: 'S' + f'G.{_draw(_ALNUM, 22)}.{_draw(_ALNUM, 43)}', 'twilio': lambda: 'S' + 'K' + _draw(_HEX, 32), 'mailgun': lambda: 'ke' + 'y-' + _draw(_HEX, 32),
    'mailchimp': lambda: _draw(_HEX, 32) + '-us' + '12', 'azure': lambda: 'Account' + f'Key={_draw(_ALNUM, 86)}==', 'digitalocean': lambda: 'do' + 'p_v1_' + _draw(_HEX, 64),
    'shopify': lambda: 'shp' + 'at_' + _draw(_HEX, 32), 'vault': lambda: 'hv' + 's.' + _draw(_ALNUM, 28), 'terraform': lambda: f'{_draw(_ALNUM, 14)}.atlas' + f'v1.{_draw(_ALNUM, 67)}',
    'databricks': lambda: 'da' + 'pi' + _draw(_HEX, 32), 'atlassian': lambda: 'AT' + 'ATT3' + _draw(_ALNUM, 60), 'linear': lambda: 'lin' + '_api_' + _draw(_ALNUM, 40),
    'figma': lambda: 'fig' + 'd_' + _draw(_ALNUM, 40), 'groq': lambda: 'gs' + 'k_' + _draw(_ALNUM, 52), 'grafana': lambda: 'gl' + 'sa_' + _draw(_ALNUM, 41),
    'docker': lambda: 'dckr' + '_pat_' + _draw(_ALNUM, 27), 'supabase': lambda: 'sb' + 'p_' + _draw(_HEX, 40), 'telegram': lambda: f'{_RANDOM.randint(10**8, 10**9 - 1)}:A' + 'A' + _draw(_ALNUM, 33),
    'jwt': lambda: f'{_b64(json.dumps({"alg": "HS256", "typ": "JWT"}))}.{_b64(json.dumps({"sub": _draw(_ALNUM, 9)}))}.{_draw(_ALNUM, 43)}',
}
_HIDDEN: dict[str, Callable[[str], str]] = {
    'prose': lambda s: f'I used {s} to call it, and it worked.', 'line end': lambda s: f'first\r\n{s}\r\nlast', 'quotes': lambda s: f'export X="{s}"',
    'call': lambda s: f'client = Client({s!r}, timeout=3)', 'json text': lambda s: json.dumps({'a': {'b': [s]}}), 'json in json': lambda s: json.dumps(json.dumps({'x': s})),
    'base64': lambda s: f'data: {base64.b64encode(f"x: {s}".encode()).decode()}', 'base64 twice': lambda s: base64.b64encode(base64.b64encode(s.encode())).decode(),
    'hexadecimal': lambda s: s.encode().hex(), 'escapes': lambda s: ''.join(f'\\u{ord(c):04x}' if n < 6 else c for n, c in enumerate(s)),
    'base64 of UTF-16': lambda s: base64.b64encode(f'x={s}'.encode('utf-16-le')).decode(), 'base64 of UTF-16, marked': lambda s: base64.b64encode(s.encode('utf-16')).decode(),
    'base64 of gzip': lambda s: base64.b64encode(gzip.compress(f'a: 1\nkey: {s}\n'.encode())).decode(), 'base64 of zlib': lambda s: base64.b64encode(zlib.compress(s.encode() * 3)).decode(),
    'base64, assigned': lambda s: f'PAYLOAD={base64.b64encode(f"x: {s}".encode()).decode()}', 'base64, asked': lambda s: f'run --data={base64.b64encode(s.encode()).decode()}',
    'base64 of xz': lambda s: base64.b64encode(lzma.compress(f'a: 1\nkey: {s}\n'.encode())).decode(), 'base64 of bzip2': lambda s: base64.b64encode(bz2.compress(f'key: {s}\n'.encode())).decode(),
    'base64 of lzma': lambda s: base64.b64encode(lzma.compress(f'key: {s}\n'.encode(), lzma.FORMAT_ALONE)).decode(),
    'base64 in lines': lambda s: base64.encodebytes(f'{"some words before it, " * 3}{s} and {"more words " * 8}'.encode()).decode(),
    'base64 in lines, in JSON': lambda s: json.dumps(base64.encodebytes(f'{"some words before it, " * 3}{s} and {"more words " * 8}'.encode()).decode()),
    'xxd': lambda s: ''.join(f'{n:08x}: {_pairs(s[n:n + 16])}  {s[n:n + 16]}\n' for n in range(0, len(s), 16)),
    'hexdump -C': lambda s: ''.join(f'{n:08x}  {s[n:n + 8].encode().hex(" ")}  {s[n + 8:n + 16].encode().hex(" ")}  |{s[n:n + 16]}|\n' for n in range(0, len(s), 16)) + f'{len(s):08x}\n',
    'od -x': lambda s: ''.join(f'{n:07o} {_words(s[n:n + 16])}\n' for n in range(0, len(s), 16)), 'od -c': lambda s: ''.join(f'{n:07o}   {"   ".join(s[n:n + 16])}\n' for n in range(0, len(s), 16)),
    'digits apart': lambda s: f'bytes: {s.encode().hex(" ")}', 'digits with colons': lambda s: s.encode().hex(':'), 'digits in C': lambda s: '{' + ', '.join(f'0x{c:02x}' for c in s.encode()) + '}',
    'percent': lambda s: 'https://x.example.com/?q=' + ''.join(f'%{c:02X}' for c in s.encode()), 'HTML': lambda s: ''.join(f'&#{c};' for c in s.encode()),
    'HTML, half': lambda s: ''.join(f'&#x{c:x};' if n % 2 else chr(c) for n, c in enumerate(s.encode())), 'octal': lambda s: ''.join(f'\\{c:03o}' for c in s.encode()),
    'hexadecimal escapes': lambda s: ''.join(f'\\x{c:02x}' for c in s.encode()), 'braced escapes': lambda s: ''.join(f'\\u{{{c:x}}}' for c in s.encode()),
    'coloured': lambda s: f'{s[:7]}\x1b[1;31m{s[7:12]}\x1b[0m{s[12:]}', 'coloured, shown': lambda s: f'{s[:7]}\\033[31m{s[7:]}\\u001b[0m', 'coloured and quoted': lambda s: s[:7] + '\x1b[31m' + s[7:].replace('_', '%5F'),
    'zero width': lambda s: s[:9] + '\u200b' + s[9:], 'url': lambda s: f'https://api.example.com/v1?x={s}&y=2', 'table': lambda s: f'| name | {s} |', 'diff': lambda s: f'+  - {s}',
}


def test_what_cannot_be_unpacked_is_taken_out() -> None:
    packed = base64.b64encode(b'\x28\xb5\x2f\xfd' + _RANDOM.randbytes(60)).decode()  # Zstandard, which no library here reads
    assert Redactor(lambda text: []).text(f'echo {packed} | base64 -d').startswith('echo [REDACTED:encoded:')
    large = lzma.compress(b'x' * 1000, filters=[{'id': lzma.FILTER_LZMA2, 'dict_size': 1 << 30}])  # memory that nobody grants
    assert '[REDACTED:encoded:' in Redactor(lambda text: []).text(base64.b64encode(large).decode())


def _pairs(text: str) -> str:
    digits = text.encode().hex()
    return ' '.join(digits[n:n + 4] for n in range(0, len(digits), 4))


def _words(text: str) -> str:
    data = text.encode() + b'\0' * (len(text) % 2)
    return ' '.join(f'{data[n + 1]:02x}{data[n]:02x}' for n in range(0, len(data), 2))


_ANY = _a(20)
# what only its place betrays
_PLACED: dict[str, Callable[[str], str]] = {
    'env': lambda s: f'export DB_PASSWORD={s}', 'env token': lambda s: f'MY_SERVICE_TOKEN={s}\nPATH=/usr/bin', 'yaml': lambda s: f'client_secret: {s}', 'yaml quoted': lambda s: f"  api-key: '{s}'",
    'json': lambda s: json.dumps({'apiKey': s}), 'json twice': lambda s: json.dumps(json.dumps({'password': s})), 'toml': lambda s: f'secret_key = "{s}"', 'ruby': lambda s: f':token => "{s}"',
    'go': lambda s: f'password := "{s}"', 'url': lambda s: f'postgres://app:{s}@db.example.com:5432/app', 'url user': lambda s: f'https://{s}@git.example.com/o/r.git',
    'query': lambda s: f'GET /cb?access_token={s}&state=1', 'header': lambda s: f'Authorization: Bearer {s}', 'basic': lambda s: f'authorization: Basic {base64.b64encode(f"u:{s}".encode()).decode()}',
    'header quoted': lambda s: f"curl -H 'X-Api-Key: {s}' https://x.example.com", 'cookie': lambda s: f'Cookie: sid={s}; theme=dark', 'flag': lambda s: f'tool login --password {s} --user me',
    'flag =': lambda s: f'tool --api-key={s}', 'curl': lambda s: f'curl -u admin:{s} https://x.example.com', 'mysql': lambda s: f'mysql -uroot -p{s} db', 'sshpass': lambda s: f'sshpass -p {s} ssh me@h',
    'argument': lambda s: f'System.setProperty("APP_TOKEN", "{s}")', 'typed': lambda s: f'var appToken string = "{s}"', 'make': lambda s: f'APP_TOKEN ?= {s}',
    'XML in lines': lambda s: f'<appToken>\n    {s}\n</appToken>', 'curl, next line': lambda s: f'curl https://x.example.com \\\n  -u admin:{s}',
    'netrc': lambda s: f'machine h login me password {s}', 'sql': lambda s: f"CREATE USER a IDENTIFIED BY '{s}'", 'xml': lambda s: f'<password>{s}</password>',
    'kubernetes': lambda s: f'- name: DB_PASSWORD\n  value: {s}', 'told': lambda s: f'The password is {s}, as you asked.', 'dsn': lambda s: f'Server=x;Uid=me;Pwd={s};',
    'npmrc': lambda s: f'//registry.npmjs.org/:_authToken={s}', 'markdown': lambda s: f'- **Password**: `{s}`', 'auth key': lambda s: f'aws_secret_access_key = {s}',
}
_KEPT = [
    'The token count of this page is 4096, and the password field is required.', 'commit 3f786850e387550fdab836ed7e6dc881de23001b', 'max_tokens: 4096, password_length: 16',
    'sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae', 'id 123e4567-e89b-42d3-a456-426614174000', 'if (token == null) return getToken(user.id);',
    'api_key = os.environ["API_KEY"]', 'password: <your password>', 'token: ${{ secrets.GITHUB_TOKEN }}', 'def login(self, password: str, token: Optional[str] = None) -> None:',
    'index 83db48f..bf269f4 100644', 'sha512-Q1Yw+0bPzHk3Ojpp9W3Gc9nE0SlJtGlZ8lqO1kPnMZ3YcX8e5c0dXgk2g==', '/usr/lib/python3/dist-packages/setuptools/command/build', 'secretary: Bob; keyboard: qwerty',
    'aGVsbG8gd29ybGQsIG5vdGhpbmcgc2VjcmV0IGhlcmU=', 'https://github.com/owner/repo/pull/12#issuecomment-1234567890', 'git@github.com:owner/repo.git', '"total_tokens": 12345, "cacheReadTokens": 99',
    'Reset your password from the settings page. The key is to read it first.', 'toolu_01A09q90qw90lq917835lq9', 'ETag: "33a64df551425fcc55e4d42a148795d9f25f89d4"', 'key: value', 'pinned: true', 'foreach (["client_secret", "certificate_key_b64"] as $name)', 'width.set("max_tokens", "a1b2c3d4e5")',
]


@pytest.fixture(scope='session')
def scanner() -> Scanner:
    return Scanner()


def _told(text: str, key: str = 'content') -> str:
    """Return a record as Claude Code writes it, with `text` in the result of a tool."""
    block = {'tool_use_id': f'toolu_{_draw(_ALNUM, 22)}', 'type': 'tool_result', key: text}
    return json.dumps({'type': 'user', 'sessionId': str(uuid.uuid4()), 'uuid': str(uuid.uuid4()),
                       'message': {'role': 'user', 'content': [block], 'usage': {'input_tokens': 3}}}, ensure_ascii=False) + '\n'


def _nothing(text: str) -> list[tuple[str, str]]:
    return []


def _ours(text: str) -> str:
    """Return a record redacted by our rules alone."""
    redacted = Redactor(_nothing).record(text)
    assert redacted is not None
    return redacted


def _forms(secret: str) -> list[str]:
    plain = secret.removeprefix('AccountKey=').removeprefix('https://hooks.slack.com/services/')
    return [plain, plain.replace('_', '\\u005f'), base64.b64encode(plain.encode()).decode().rstrip('=')[4:-4], plain.encode().hex()]


@pytest.mark.parametrize('hiding', _HIDDEN)
def test_no_prefixed_secret_passes(hiding: str) -> None:
    passed = []
    for name, make in _PREFIXED.items():
        secret = make()
        redacted = _ours(_told(_HIDDEN[hiding](secret)))
        if any(form in redacted for form in _forms(secret)) or secret[9:] in redacted:
            passed.append((name, redacted[-300:]))
    assert passed == []


@pytest.mark.parametrize('hiding', _PLACED)
def test_no_placed_secret_passes(hiding: str) -> None:
    for secret in (_ANY(), f'{_draw(_ALNUM, 6)}!x', _draw(_HEX, 32)):
        if hiding == 'url user' and len(secret) < 16:
            continue
        for record in (_told(_PLACED[hiding](secret)), _told('a line\n' + _PLACED[hiding](secret) + '\nanother')):
            redacted = _ours(record)
            assert secret not in redacted and base64.b64encode(f'u:{secret}'.encode()).decode() not in redacted, redacted
        assert secret not in Redactor(_nothing).plain(_PLACED[hiding](secret) + '\n')


@pytest.mark.parametrize('kind', ['RSA PRIVATE KEY', 'PRIVATE KEY', 'EC PRIVATE KEY', 'OPENSSH PRIVATE KEY', 'PGP PRIVATE KEY BLOCK'])
def test_no_private_key_passes(kind: str) -> None:
    key = _pem(kind)
    middle = key.split('\n')[2]
    cut = key[:key.index(middle) + 20]
    for text in (key, json.dumps(key), json.dumps({'k': json.dumps(key)}), f'before\n{cut}', base64.b64encode(key.encode()).decode()):
        assert middle[:16] not in _ours(_told(text)), text
    redactor = Redactor(_nothing)
    lines = [redactor.plain(line + '\n') for line in ['before', *key.split('\n'), 'after']]
    assert middle[:16] not in ''.join(lines) and ''.join(lines).endswith('after\n') and ''.join(lines).startswith('before\n')


@pytest.mark.parametrize('value', [{'GITHUB_TOKEN': 'plain-value'}, {'name': 'DB_PASSWORD', 'value': 'plain-value'}, {'credentials': ['plain-value']}, {'a': [{'apiKey': 'plain-value'}]}])
def test_a_key_betrays_its_value(value: object) -> None:
    assert 'plain-value' not in _ours(json.dumps(value) + '\n')


def test_of_two_equal_keys_the_first_is_seen_too() -> None:
    secret = _PREFIXED['github classic']()
    assert secret not in _ours(f'{{"a": "{secret}", "a": "x"}}\n')


@pytest.mark.parametrize('text', _KEPT)
def test_prose_and_hashes_stay(text: str, scanner: Scanner) -> None:
    record = _told(text)
    assert Redactor(scanner.find).record(record) == record
    assert Redactor(scanner.find).plain(text + '\n') == text + '\n'


@pytest.mark.parametrize('text', ['key := AKC' + 'pXQ' * 23, 'TODAYINAS' + 'IAASACKOFRICEFELLOVER', 'x AP' + 'ABCDEFGHIJ y'])
def test_what_only_the_second_scanner_takes_for_one_does_not_end_it(text: str, scanner: Scanner) -> None:
    assert '[REDACTED:' in (Redactor(scanner.find).record(_told(text)) or '')


@pytest.mark.parametrize('value', ['123E4567-e89B-42d3-a456-426614174000', '3F786850e387550fdab836ed7e6dc881de23001B', 'sha512-Q1Yw+0bPzHk3Ojpp9W3Gc9nE0SlJtGlZ8lqO1',
                                   'sha256_2C26b46b68ffc68ff99b', '/Users1/Roman/Work/Repo2/Aa', './Repo2/Work/Roman1/Bb', 'Screenshot2026AtNoon.Final.png'])
def test_hashes_and_paths_beside_a_name_stay(value: str, scanner: Scanner) -> None:
    assert not secret_context.is_random(value) and secret_context.is_random(value.replace('-', 'x').replace('/', 'Q').replace('.', '7')[::-1] + 'Zq9')
    record = _told(f'session: {value}')
    assert Redactor(scanner.find).record(record) == record


def test_our_own_documents_stay(scanner: Scanner) -> None:
    redactor = Redactor(scanner.find)
    for path in [*sorted((ROOT / 'docs').rglob('*.md')), ROOT / 'README.md', ROOT / 'CHANGELOG.md']:
        record = _told(path.read_text(encoding='utf-8'))
        assert redactor.record(record) == record, path


def test_what_was_redacted_stays_as_it_is(scanner: Scanner) -> None:
    text = '\n'.join(hide(make()) for make in _PREFIXED.values() for hide in (_HIDDEN['prose'], _HIDDEN['quotes']))
    once = Redactor(scanner.find).record(_told(text + '\n' + '\n'.join(hide(_ANY()) for hide in _PLACED.values())))
    assert once and Redactor(scanner.find).record(once) == once


@pytest.mark.parametrize('text', [
    'password=' * 20_000, 'password="' + 'x' * 200_000, '"password\\": \\"' * 15_000, '--password ' * 20_000, 'Cookie: a=' * 20_000, 'curl -u ' * 25_000, 'login x password ' * 12_000,
    'name: password\n' * 15_000, '<password>' * 20_000, '://' + 'a1' * 100_000, '?sig=' * 40_000, 'password is ' * 17_000, 'a1' * 100_000, '-----BEGIN PRIVATE KEY' * 9_000, 'key="' + 'Aa1' * 70_000,
    '\\u0041' * 40_000, '\\' * 200_000, 'name: a_password\nvalue:' * 9_000,
], ids=lambda text: text[:12])
def test_takes_linear_time(text: str) -> None:
    begun = time.process_time()
    Redactor(_nothing).plain(text)
    assert time.process_time() - begun < 5


@pytest.mark.parametrize(('pattern', 'found'), [
    ('[a-z]+', None), ('a|[0-9]', None), ('(?:x)?[0-9]', None), ('(?!key)[a-z]', None), ('x*y?', None),
    ('akia[0-9]', {'akia'}), ('(?:akia|asia)[0-9]{16}', {'kia', 'sia'}), ('x[0-9]+token', {'token'}), ('(?:key){2}', {'key'}), ('ab?cd', {'cd'}),
    ('(?:key|pwd)[ ]*=[ ]*(?:[0-9])', {'key', 'pwd'}), ('(?i:KEY)=', {'key'}), ('(?P<n>one)(?P=n)', {'one'}),
])
def test_words_of_a_pattern(pattern: str, found: set[str] | None) -> None:
    wanted = words.required([re.compile(pattern)])
    assert (wanted and {word.lower() for word in wanted.words}) == found
    assert words.required([re.compile(pattern), re.compile('[a-z]')]) is None


def test_no_line_is_left_out_that_a_detector_would_take(scanner: Scanner) -> None:
    lines = [line for make in _PREFIXED.values() for hide in _HIDDEN.values() for line in hide(make()).split('\n')]
    lines += [line for hide in _PLACED.values() for line in hide(_ANY()).split('\n')] + [line.upper() for line in lines[:300]] + _KEPT
    text = '\n'.join(lines)
    seen = 0
    for detector, wanted in scanner._words:
        everywhere = set(detector.analyze_string(text))
        assert wanted and set(detector.analyze_string(words.lines(text, wanted))) == everywhere, detector.secret_type
        seen += len(everywhere)
    assert seen > 60
    assert words.lines('a\nmy paſſword: x\nb', words.Words(frozenset(['password']), is_folded=True)) == 'my paſſword: x'


def _keep(tmp_path: Path, text: str, find: object, name: str = 's.jsonl', seconds: float = 60) -> archive.Kept:
    source = tmp_path / name
    source.write_bytes(text.encode('utf-8', 'surrogateescape'))
    return archive.keep(str(source), str(tmp_path / 'kept'), 'RT-261121-01', find=find, deadline=time.monotonic() + seconds)  # type: ignore[arg-type]


def test_what_takes_too_long_says_how_long_it_would_take(tmp_path: Path) -> None:
    def find(text: str) -> list[tuple[str, str]]:
        if 'late' in text:
            raise Late('it took longer than transcripts.timeout')
        return []
    with pytest.raises(FatalError, match=r'^it took longer than transcripts\.timeout: 0\.\d of 1\.0 MB in \d s; `transcripts: \{timeout: 60\}` in .daybook/config.yaml should do$'):
        _keep(tmp_path, _told('word ' * 100_000) + _told('late') + _told('word ' * 100_000), find)
    assert list((tmp_path / 'kept').iterdir()) == []


def test_a_clean_transcript_is_kept_byte_for_byte(tmp_path: Path, scanner: Scanner) -> None:
    text = _told('Grüße\u2028 \U0001f600') + '{"a" : 1 ,"b":"\\u00e9"}\r\n' + 'not json \udcff\n' + '{"half": "\\ud800"}\n' + '[1]'
    kept = _keep(tmp_path, text, scanner.find)
    assert Path(kept.path).read_bytes() == text.encode('utf-8', 'surrogateescape')
    assert Path(kept.path).stat().st_mode & 0o777 == 0o600
    assert [path.name for path in (tmp_path / 'kept').iterdir()] == ['RT-261121-01.jsonl']


def test_half_of_a_pair_survives_redaction(tmp_path: Path, scanner: Scanner) -> None:
    secret = _PREFIXED['stripe']()
    kept = _keep(tmp_path, f'{{"half": "\\ud800", "k": "{secret}"}}\n', scanner.find)
    value = json.loads(Path(kept.path).read_text(encoding='utf-8'))
    assert value['half'] == '\ud800' and secret not in str(value)


def test_a_value_that_was_known_too_late_is_taken_out(tmp_path: Path, scanner: Scanner) -> None:
    secret = _ANY()
    kept = _keep(tmp_path, _told(f'it answered {secret} again') + _told(f'password={secret}'), scanner.find)
    assert secret not in Path(kept.path).read_text(encoding='utf-8')


@pytest.mark.parametrize('form', [
    lambda text, n: {'type': 'content_block_delta', 'index': 0, 'delta': {'type': 'text_delta', 'text': text}},
    lambda text, n: {'type': 'stream_event', 'event': {'type': 'content_block_delta', 'index': n % 2, 'delta': {'type': 'input_json_delta', 'partial_json': text}}},
    lambda text, n: {'timestamp': f'2026-11-21T09:00:0{n % 10}Z', 'type': 'event_msg', 'payload': {'type': 'agent_message_delta', 'delta': text}},
    lambda text, n: {'object': 'chat.completion.chunk', 'choices': [{'index': 0, 'delta': {'content': text}}]}])
@pytest.mark.parametrize('size', [1, 3, 7])
def test_a_secret_cut_over_the_records_of_a_stream_is_seen(
        tmp_path: Path, scanner: Scanner, form: Callable[[str, int], object], size: int) -> None:
    secrets = [_PREFIXED[name]() for name in ('github classic', 'anthropic', 'notion')]
    words = [f'I call it with {secrets[0]} now, ', f'or {secrets[1]}.', ' Nothing else was said, 3f786850e387550fdab836ed7e6dc881de23001b.', f'password: {secrets[2]}']
    whole = ''.join(words)
    parts = [whole[n:n + size] for n in range(0, len(whole), size)]
    step = 2 if isinstance(form('', 0), dict) and 'event' in form('', 0) else 1  # type: ignore[operator]
    lines = [json.dumps(form(part, n * step)) + '\n' for n, part in enumerate(parts)]
    clean = json.dumps(form('nothing here', 0)) + '\n'
    kept = Path(_keep(tmp_path, clean + _told('before') + ''.join(lines) + _told('after') + clean * 2, scanner.find).path).read_text().splitlines(keepends=True)
    assert len(kept) == len(lines) + 5 and kept[0] == kept[-1] == clean and kept[-2] == clean
    text = ''.join(kept)
    assert not any(secret[at:at + 12] in text for secret in secrets for at in range(0, len(secret) - 12, 4)) and text.count('[REDACTED:') == 3
    assert '3f786850e387550fdab836ed7e6dc881de23001b' in text and 'I call it with' in text


def test_a_file_of_one_json_value(tmp_path: Path, scanner: Scanner) -> None:
    text = json.dumps({'messages': [{'env': [{'name': 'DB_PASSWORD', 'value': 'plain value'}]}]}, indent=2)
    kept = _keep(tmp_path, text, scanner.find, 's.json')
    assert kept.path.endswith('.json') and 'plain value' not in Path(kept.path).read_text()


def test_the_second_scanner_takes_out_what_ours_left(tmp_path: Path, scanner: Scanner) -> None:
    # an IBM key: detect-secrets knows the form, our rules do not
    secret = 'Zq' + _draw(_ALNUM, 42)
    record = _told(f'ibm-cloud-iam-key {secret}')
    assert secret in _ours(record)
    kept = _keep(tmp_path, record, scanner.find)
    assert secret not in Path(kept.path).read_text() and any(kind.startswith('scanner-') for kind in kept.counts)


def _broken(text: str) -> list[tuple[str, str]]:
    raise RuntimeError('the scanner fell over')


def _stubborn(text: str) -> list[tuple[str, str]]:
    return [('stubborn', 'a')]


_FAILURES = [
    ('the scanner fails', _told('x' * 20), _broken, RuntimeError), ('it goes on finding', '{"a": 1, "b": "x"}\n', _stubborn, Unclean),
    ('not text', 'a\0b\n', _nothing, Unclean), ('too slow', _told('x' * 20), _nothing, Late),
]


@pytest.mark.parametrize(('name', 'text', 'find', 'error'), _FAILURES, ids=[row[0] for row in _FAILURES])
def test_a_failure_keeps_nothing(tmp_path: Path, name: str, text: str, find: object, error: type[Exception]) -> None:
    with pytest.raises(error):
        _keep(tmp_path, text, find, seconds=-1 if name == 'too slow' else 60)
    assert list((tmp_path / 'kept').iterdir()) == []


def test_a_second_archive_does_not_replace_the_first(tmp_path: Path) -> None:
    first = _keep(tmp_path, _told('first'), _nothing)
    second = _keep(tmp_path, _told('second'), _nothing)
    assert first.path != second.path and 'first' in Path(first.path).read_text() and 'second' in Path(second.path).read_text()


def test_a_folder_that_could_be_committed_is_refused(repo: Sandbox) -> None:
    folder = repo.root / 'kept'
    folder.mkdir()
    with pytest.raises(FatalError, match='does not ignore it'):
        archive.require_outside(str(folder))
    with pytest.raises(FatalError, match='folder of git'):
        archive.require_outside(str(repo.root / '.git'))
    repo.write('.gitignore', 'kept/\n')
    archive.require_outside(str(folder))
    archive.require_outside(str(repo.root.parent))


def test_remains_of_a_killed_run_are_swept(tmp_path: Path) -> None:
    old, young, foreign = (tmp_path / name for name in ('.RT-1.jsonl.1-ab.tmp', '.RT-2.jsonl.1-ab.tmp', '.other.tmp'))
    for path in (old, young, foreign):
        path.write_text('x')
    for path in (old, foreign):
        os.utime(path, (1, 1))
    archive.sweep(str(tmp_path))
    assert not old.exists() and young.exists() and foreign.exists()


_PEAK = """
import sys, time
from daybook.transcripts import archive
archive.keep(sys.argv[1], sys.argv[2], 'n', find=lambda text: [], deadline=time.monotonic() + 600)
print(next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')))
"""


@pytest.mark.skipif(not os.path.exists('/proc/self/status'), reason='no /proc')
def test_memory_does_not_grow_with_the_transcript(tmp_path: Path) -> None:
    peaks = []
    for name, records in (('short', 50), ('long', 1500)):
        source = tmp_path / f'{name}.jsonl'
        with open(source, 'w', encoding='utf-8') as stream:
            for _ in range(records):
                stream.write(_told(_RANDOM.randbytes(3000).hex()))
        run = subprocess.run((sys.executable, '-c', _PEAK, source, tmp_path / name), capture_output=True, text=True, check=True)
        peaks.append(int(run.stdout))
    assert source.stat().st_size > 9_000_000 and peaks[1] - peaks[0] < 4_000, peaks  # KiB


SESSION = '7f3a2b1c-0d4e-4f5a-8b6c-9d0e1f2a3b4c'


@pytest.fixture(scope='module')
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_template(tmp_path_factory.mktemp('transcripts'))


def _with_session(template: Path, tmp_path: Path, transcript: str, settings: str = 'transcripts: {archive: true}\n') -> Sandbox:
    sandbox = copy_of(template, tmp_path / 'copy', TEXT)
    sandbox.write('.daybook/config.yaml', f'claims: {{remote: off}}\n{settings}')
    sandbox.write(f'.daybook/state/session-{SESSION}.json', json.dumps({
        'session_id': SESSION, 'cwd': str(sandbox.root), 'started_at': '2026-11-21T08:00:00Z', 'ended_at': '2026-11-21T09:00:00Z', 'tool_calls_count': 3,
        'tool_calls_breakdown': {'Bash': 3}, 'tool_calls_breakdown_methods': {'Bash': 3}, 'matcher': '*'}))
    found = tmp_path / 'claude' / 'projects' / '-repo' / f'{SESSION}.jsonl'
    found.parent.mkdir(parents=True)
    found.write_text(transcript, encoding='utf-8')
    return sandbox


def _environ(tmp_path: Path, **more: str) -> dict[str, str]:
    return {'CLAUDE_CONFIG_DIR': str(tmp_path / 'claude'), 'TRANSCRIPTS_DIR': str(tmp_path / 'kept'), **more}


def test_hand_off_keeps_a_redacted_transcript(template: Path, tmp_path: Path) -> None:
    secret, key = _PREFIXED['github classic'](), _pem('RSA PRIVATE KEY')
    sandbox = _with_session(template, tmp_path, _told(f'token {secret}') + _told(key))
    run = hand_off(sandbox, '--files', '.daybook/state/draft.md', **_environ(tmp_path))
    assert run.code == 0, run.out
    kept = tmp_path / 'kept' / f'{run.field("id")}.jsonl'
    assert f'[x] transcript: {kept} ' in run.out and '1 github-token' in run.out
    text = kept.read_text()
    assert secret not in text and key.split('\n')[1] not in text and secret not in run.out
    assert (tmp_path / 'claude' / 'projects' / '-repo' / f'{SESSION}.jsonl').read_text().startswith('{"type"')


_SAID = [
    ('off', '', {}, None), ('no folder', 'transcripts: {archive: true}\n', {'TRANSCRIPTS_DIR': ''}, 'TRANSCRIPTS_DIR names no folder'),
    ('in the repository', 'transcripts: {archive: true}\n', {'TRANSCRIPTS_DIR': 'kept'}, 'does not ignore it'),
    ('no transcript', 'transcripts: {archive: true}\n', {'CLAUDE_CONFIG_DIR': '/nowhere'}, 'no transcript of this agent session'),
    ('too slow', 'transcripts: {archive: true, timeout: 0.000001}\n', {}, 'longer than transcripts.timeout'),
    ('not a folder', 'transcripts: {archive: true}\n', {'TRANSCRIPTS_DIR': 'third.md'}, 'Error'),
]


@pytest.mark.parametrize(('name', 'settings', 'environ', 'said'), _SAID, ids=[row[0] for row in _SAID])
def test_hand_off_says_why_nothing_is_kept(template: Path, tmp_path: Path, name: str, settings: str, environ: dict[str, str], said: str | None) -> None:
    sandbox = _with_session(template, tmp_path, _told('hello'), settings)
    run = hand_off(sandbox, '--files', '.daybook/state/draft.md', **_environ(tmp_path, **environ))
    assert (run.code, run.field('pushed')) == (0, 'yes'), run.out
    assert ('transcript' in run.out) == (said is not None)
    assert said is None or ('[ ] transcript: not archived: ' in run.out and said in run.out), run.out
    left = [path for folder in (tmp_path / 'kept', sandbox.root / 'kept') if folder.exists() for path in folder.iterdir()]
    assert left == []


def test_without_the_second_scanner_nothing_is_kept(template: Path, tmp_path: Path) -> None:
    sandbox = _with_session(template, tmp_path, _told('hello'))
    shadow = tmp_path / 'shadow' / 'detect_secrets' / '__init__.py'  # an empty package stands before the installed one
    shadow.parent.mkdir(parents=True)
    shadow.write_text('')
    run = hand_off(sandbox, '--files', '.daybook/state/draft.md', **_environ(tmp_path, PYTHONPATH=str(tmp_path / 'shadow')))
    assert (run.code, run.field('pushed')) == (0, 'yes')
    assert "[ ] transcript: not archived: the second scanner is not installed: pip install 'git-daybook[transcripts] @ git+https://github.com/git-daybook/daybook'" in run.out, run.out
    assert not (tmp_path / 'kept').exists()


def test_a_session_handed_off_twice_has_two_archives(template: Path, tmp_path: Path) -> None:
    sandbox = _with_session(template, tmp_path, _told('hello'))
    state = sandbox.read(f'.daybook/state/session-{SESSION}.json')
    ids = []
    for _ in range(2):
        sandbox.write(f'.daybook/state/session-{SESSION}.json', state)
        sandbox.write('.daybook/state/draft.md', TEXT)
        ids.append(hand_off(sandbox, '--files', '.daybook/state/draft.md', **_environ(tmp_path)).field('id'))
    assert sorted(os.listdir(tmp_path / 'kept')) == sorted(f'{name}.jsonl' for name in ids) and ids[0] != ids[1]


def test_a_state_does_not_choose_a_file_of_ours(template: Path, tmp_path: Path) -> None:
    sandbox = _with_session(template, tmp_path, _told('hello'))
    (tmp_path / 'claude' / 'projects' / '-repo' / f'{SESSION}.jsonl').unlink()
    private = tmp_path / 'private.jsonl'
    private.write_text('{"a": "mine"}\n')
    state = json.loads(sandbox.read(f'.daybook/state/session-{SESSION}.json'))
    for told in (str(private), str(tmp_path / 'claude' / 'projects' / '..' / '..' / 'private.jsonl')):
        sandbox.write(f'.daybook/state/session-{SESSION}.json', json.dumps({**state, 'transcript_path': told}))
        sandbox.write('.daybook/state/draft.md', TEXT)
        assert 'no transcript of this agent session' in hand_off(sandbox, '--files', '.daybook/state/draft.md', **_environ(tmp_path)).out
