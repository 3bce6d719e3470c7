from __future__ import annotations

import os
import re
from collections.abc import Mapping
from datetime import date
from datetime import datetime
from datetime import timezone

import pytest

from conftest import Sandbox
from daybook.documents import mappings
from daybook.errors import FatalError
from daybook.repo import git
from daybook.session import operators
from daybook.session.operators import Operator

TWO = '''\
operators:
  roman: {name: Roman T, initials: RT, emails: [roman@example.com, Roman.T@Work.example]}
  sergei: {name: Sergei K, initials: SK, emails: [sergei@example.com]}
'''
ONE = 'operators:\n  roman: {initials: RT}\n'
CROSSED = 'operators:\n  rt: {initials: AA}\n  roman: {initials: RT}\n  sk: {initials: BB}\n  sergei: {initials: SK}\n'
STRANGER = 'stranger@example.com'


def _resolve(repo: Sandbox, file: str | None, email: str | None = None, environ: Mapping[str, str] | None = None,
             name: str = '', address: str = '') -> Operator:
    if file is not None:
        repo.write('.daybook/operators.yaml', file)
    repo.git('config', 'user.name', name)
    repo.git('config', 'user.email', address)
    return operators.resolve(git.find_repo(str(repo.root)), email, environ or {})


# file, --email, environment, git's e-mail; slug and source
CONFIGURED = (
    pytest.param(TWO, 'sergei@example.com', {'OPERATOR': 'roman'}, 'roman@example.com', 'sergei', '--email', id='--email first'),
    pytest.param(TWO, 'SERGEI@EXAMPLE.COM ', {}, '', 'sergei', '--email', id='case and spaces of an address'),
    pytest.param(TWO, 'SK', {}, '', 'sergei', '--email', id='initials do as well'),
    pytest.param(TWO, None, {'OPERATOR': 'sergei', 'CLAUDE_USER_EMAIL': 'roman@example.com'}, 'roman@example.com', 'sergei',
                 '$OPERATOR', id='$OPERATOR second'),
    pytest.param(TWO, None, {'OPERATOR': ' SK '}, 'roman@example.com', 'sergei', '$OPERATOR', id='$OPERATOR: initials'),
    pytest.param(TWO, None, {'OPERATOR': 'sk'}, '', 'sergei', '$OPERATOR', id='$OPERATOR: initials in small letters'),
    pytest.param(TWO, None, {'OPERATOR': 'sergei@example.com'}, '', 'sergei', '$OPERATOR', id='$OPERATOR: an address'),
    pytest.param(TWO, '', {'OPERATOR': '', 'CLAUDE_USER_EMAIL': 'sergei@example.com'}, 'roman@example.com', 'sergei',
                 '$CLAUDE_USER_EMAIL', id='$CLAUDE_USER_EMAIL third; empty is unset'),
    pytest.param(TWO, None, {'CLAUDE_USER_EMAIL': STRANGER}, 'roman.t@work.example', 'roman', 'git config user.email',
                 id="git's e-mail fourth; an unknown account says nothing"),
    pytest.param(TWO, None, {'GIT_AUTHOR_EMAIL': 'sergei@example.com'}, 'roman@example.com', 'roman', 'git config user.email',
                 id="what an agent puts into the environment is not the person's"),
    pytest.param(TWO, None, {'GIT_AUTHOR_EMAIL': 'sergei@example.com'}, '', 'sergei', 'git config user.email',
                 id='the environment where nothing is configured'),
    pytest.param(ONE, None, {'CLAUDE_USER_EMAIL': STRANGER}, STRANGER, 'roman', 'the only operator in .daybook/operators.yaml',
                 id='the only one'),
    pytest.param(CROSSED, None, {'OPERATOR': 'rt'}, '', 'rt', '$OPERATOR', id='a slug as written before initials in capitals'),
    pytest.param(CROSSED, None, {'OPERATOR': 'RT'}, '', 'roman', '$OPERATOR', id='initials as written before a slug'),
)


@pytest.mark.parametrize(('file', 'email', 'environ', 'address', 'slug', 'source'), CONFIGURED)
def test_configured(repo: Sandbox, file: str, email: str | None, environ: Mapping[str, str], address: str, slug: str,
                    source: str) -> None:
    who = _resolve(repo, file, email, environ, 'Roman T', address)
    assert (who.slug, who.source) == (slug, source)


KNOWS = '.daybook/operators.yaml knows roman, sergei\n  add this below `operators:` in .daybook/operators.yaml:\n  '
REFUSED = (
    pytest.param(TWO, 'nobody@x', {}, f'unknown operator: nobody@x (from --email); {KNOWS}', id='--email'),
    pytest.param(TWO, None, {'OPERATOR': 'nobody', 'CLAUDE_USER_EMAIL': 'roman@example.com'},
                 f'unknown operator: nobody (from $OPERATOR); {KNOWS}', id='$OPERATOR, though the next source would tell'),
    pytest.param(TWO, None, {'OPERATOR': 'a\x1b[31mb'}, r'unknown operator: a\x1b[31mb (from $OPERATOR)', id='control characters'),
    pytest.param(TWO, None, {}, 'cannot tell which operator is at work: git says `N <stranger@example.com>`; set OPERATOR=<slug>',
                 id='nothing tells'),
    pytest.param(CROSSED, None, {'OPERATOR': 'Sk'}, 'Sk (from $OPERATOR) may be sk or sergei', id='a slug or initials'),
    pytest.param('operators:\n  a: {initials: RT}\n  b: {initials: RT}\n', None, {'OPERATOR': 'a'},
                 '.daybook/operators.yaml: RT belongs to a and to b; give each their own', id='shared initials'),
    pytest.param('operators:\n  a: {initials: AA, emails: [x@y]}\n  b: {initials: BB, emails: [" X@y"]}\n', None, {},
                 '.daybook/operators.yaml:  X@y belongs to a and to b', id='shared address'),
    pytest.param('operators:\n  a: {initials: AA, emails: ["\\e[1m"]}\n  b: {initials: BB, emails: ["\\e[1m"]}\n', None, {},
                 r'.daybook/operators.yaml: \x1b[1m belongs to a and to b', id='shared, with control characters'),
    pytest.param('operators:\n  a: {initials: aa}\n', None, {}, '.daybook/operators.yaml:2: /operators/a/initials: ', id='schema'),
    pytest.param('operators: {}\n', None, {}, '.daybook/operators.yaml:1: /operators', id='empty'),
    pytest.param('operators:\n  a: {initials: AA\n', None, {}, '.daybook/operators.yaml', id='no YAML'),
)


@pytest.mark.parametrize(('file', 'email', 'environ', 'message'), REFUSED)
def test_refused(repo: Sandbox, file: str, email: str | None, environ: Mapping[str, str], message: str) -> None:
    with pytest.raises(FatalError) as error:
        _resolve(repo, file, email, environ, 'N', STRANGER)
    assert message in str(error.value)


# git's name and e-mail, the operator whom $OPERATOR names; the block to paste: that of the same person, of another, or none
PASTED = (
    pytest.param('Roman T', STRANGER, '', '  roman:\n    emails: [roman@example.com, stranger@example.com]', id='the same name'),
    pytest.param('roman t', STRANGER, 'nobody', '  roman:\n    emails: [roman@example.com, stranger@example.com]', id='in other letters'),
    pytest.param('Sergei', STRANGER, '', '  sergei:\n    emails: [stranger@example.com]', id='the same slug'),
    pytest.param('Jane Doe', STRANGER, '', '  jane-doe:\n    name: Jane Doe\n    initials: JD\n    emails: [stranger@example.com]', id='another'),
    pytest.param('Roman T', 'Roman@example.com', 'nobody', '', id='git tells who it is, and only the word is wrong'),
)


@pytest.mark.parametrize(('name', 'address', 'word', 'block'), PASTED)
def test_what_to_paste(repo: Sandbox, name: str, address: str, word: str, block: str) -> None:
    file = 'operators:\n  roman:\n    name: Roman T\n    initials: RT\n    emails: [roman@example.com]\n  sergei:\n    initials: SK\n    emails: []\n'
    with pytest.raises(FatalError) as error:
        _resolve(repo, file, None, {'OPERATOR': word} if word else {}, name, address)
    words, _, told = str(error.value).partition('operators:\n' if 'roman:' in block or 'sergei:' in block else 'operators.yaml:\n')
    assert told == block
    if 'jane-doe:' in block:
        assert words.endswith('add this below `operators:` in .daybook/')
        assert _resolve(repo, f'{file}{told}\n', None, {}, name, address).slug == 'jane-doe', 'as it is told'
    assert ('add the address to that entry' in str(error.value)) == ('roman:' in block or 'sergei:' in block)


# git's name, git's e-mail, environment; slug, name, initials, addresses
DERIVED = (
    pytest.param('Roman Tester', 'r@x.com', {}, ('roman-tester', 'Roman Tester', 'RT', ('r@x.com',)), id='two words'),
    pytest.param('Ana María de la Cruz', 'a@x', {}, ('ana-maria-de-la-cruz', 'Ana María de la Cruz', 'AMD', ('a@x',)), id='many'),
    pytest.param('roman', 'r@x', {}, ('roman', 'roman', 'RO', ('r@x',)), id='one word'),
    pytest.param('Łukasz Żak', 'l@x', {}, ('lukasz-zak', 'Łukasz Żak', 'LZ', ('l@x',)), id='letters without a plain part'),
    pytest.param('Øystein Strøm', 'o@x', {}, ('oystein-strom', 'Øystein Strøm', 'OS', ('o@x',)), id='Norwegian'),
    pytest.param("Conor O'Brien", 'c@x', {}, ('conor-o-brien', "Conor O'Brien", 'COB', ('c@x',)), id='apostrophe'),
    pytest.param('Роман Тестов', 'roman.testov@x.ru', {}, ('roman-testov', 'Роман Тестов', 'RT', ('roman.testov@x.ru',)),
                 id='Cyrillic: the address'),
    pytest.param('山田太郎', '42+taro@users.noreply.github.com', {},
                 ('taro', '山田太郎', 'TA', ('42+taro@users.noreply.github.com',)), id='Japanese, noreply'),
    pytest.param('', 'roman+work@x.com', {}, ('roman', 'roman', 'RO', ('roman+work@x.com',)), id='no name; a tagged address'),
    pytest.param('Roman Tester', '', {}, ('roman-tester', 'Roman Tester', 'RT', ()), id='no address'),
    pytest.param('7of9 Borg', 'b@x', {}, ('7of9-borg', '7of9 Borg', 'OF', ('b@x',)), id='a digit first'),
    pytest.param('R ' + 'x' * 60, 'r@x', {}, ('r-' + 'x' * 37, 'R ' + 'x' * 60, 'RX', ('r@x',)), id='long'),
    pytest.param('Roman Tester', 'r@x', {'CLAUDE_USER_EMAIL': 'me@y'}, ('roman-tester', 'Roman Tester', 'RT', ('me@y', 'r@x')),
                 id="the account's address does not hide the one that commits"),
    pytest.param('Claude', 'noreply@anthropic.com', {'CLAUDE_USER_EMAIL': 'roman.t@y'},
                 ('roman-t', 'roman-t', 'RT', ('roman.t@y', 'noreply@anthropic.com')), id='a program is nobody'),
    pytest.param('Jules', 'jules.verne@x', {}, ('jules-verne', 'jules-verne', 'JV', ('jules.verne@x',)),
                 id='a person with the name of a program'),
    pytest.param('Roman Tester', 'r@x', {'GIT_AUTHOR_NAME': 'Claude Code', 'GIT_AUTHOR_EMAIL': 'noreply@anthropic.com'},
                 ('roman-tester', 'Roman Tester', 'RT', ('r@x',)), id='an agent that authors'),
    pytest.param('Roman Tester', 'r@x', {'OPERATOR': 'RT'}, ('roman-tester', 'Roman Tester', 'RT', ('r@x',)), id='own initials'),
    pytest.param('Roman Tester', 'r@x', {'OPERATOR': 'Sergei K'}, ('sergei-k', 'Sergei K', 'SK', ('r@x',)), id='another'),
)


@pytest.mark.parametrize(('name', 'address', 'environ', 'expected'), DERIVED)
def test_derived(repo: Sandbox, name: str, address: str, environ: Mapping[str, str],
                 expected: tuple[str, str, str, tuple[str, ...]]) -> None:
    who = _resolve(repo, None, None, environ, name, address)
    assert who[:4] == expected
    fits = {'operators': {who.slug: {'name': who.name, 'initials': who.initials, 'emails': list(who.emails)}}}
    assert mappings.read('o', str(fits).encode(), 'operators')[1] == []


@pytest.mark.parametrize(('email', 'expected'), [('R@x.com', 'roman-tester'), ('sergei.k@x.com', 'sergei-k')])
def test_derived_of_email(repo: Sandbox, email: str, expected: str) -> None:
    who = _resolve(repo, None, email, {}, 'Roman Tester', 'r@x.com')
    assert (who.slug, who.source) == (expected, '--email')


NOBODY = (
    pytest.param('', '', None, id='no identity at all'),
    pytest.param('太', '太@x', None, id='nothing to make letters of'),
    pytest.param('Claude', 'noreply@anthropic.com', None, id='a program'),
    pytest.param('Yes: #1 "R" \'T\'', STRANGER, TWO, id='a name that YAML would read as something else'),
    pytest.param('1', 'x\\y@z, {a}', TWO, id='a number and an odd address'),
    pytest.param('null', 'null', TWO, id='null'),
)


@pytest.mark.parametrize(('name', 'address', 'file'), NOBODY)
def test_block_to_paste_is_valid(repo: Sandbox, name: str, address: str, file: str | None) -> None:
    with pytest.raises(FatalError) as error:
        _resolve(repo, file, None, {}, name, address)
    whole, below = '(and one entry for each of you):\n', 'add this below `operators:` in .daybook/operators.yaml:\n'
    block = 'operators:\n' * bool(file) + str(error.value).partition(below if file else whole)[2]
    repo.write('.daybook/operators.yaml', block)
    (slug, who), = operators.load(str(repo.root)).items()
    assert re.fullmatch('[A-Z][A-Z0-9]{1,4}', who.initials)
    if file:
        assert (who.name, who.emails) == (name, (address,))
    assert _resolve(repo, None, None, {'OPERATOR': slug}).slug == slug


MOMENT = datetime(2026, 11, 20, 11, 30, tzinfo=timezone.utc)
ZONES = (('UTC', date(2026, 11, 20)), ('Pacific/Kiritimati', date(2026, 11, 21)), ('Etc/GMT+12', date(2026, 11, 19)))


@pytest.mark.parametrize(('zone', 'expected'), ZONES)
def test_local_date(repo: Sandbox, zone: str, expected: date) -> None:
    repo.write('.daybook/operators.yaml', f'operators:\n  roman: {{initials: RT, timezone: {zone}}}\n')
    assert operators.load(str(repo.root))['roman'].local_date(MOMENT) == expected


@pytest.mark.parametrize('zone', ['Mars/Olympus', '../../etc/passwd', '/etc/passwd', 'Europe', '', '\x1b'])
def test_unknown_time_zone(zone: str) -> None:
    with pytest.raises(FatalError, match=r'unknown time zone of roman: .*; use an IANA name such as Europe/Berlin') as error:
        Operator('roman', 'R', 'RT', (), zone).local_date(MOMENT)
    assert '\x1b' not in str(error.value)


@pytest.mark.skipif(os.name == 'nt', reason='TZ is POSIX')
@pytest.mark.parametrize(('zone', 'hours'), [('UTC0', 0), ('XXX-14', 14), ('XXX12', -12)])
def test_date_of_the_machine(repo: Sandbox, zone: str, hours: int) -> None:
    before = datetime.now(timezone.utc)
    run = repo.daybook('claim-session', env={'TZ': zone, 'OPERATOR': 'RT'})
    dates = {datetime.fromtimestamp(at.timestamp() + hours * 3600, timezone.utc) for at in (before, datetime.now(timezone.utc))}
    assert re.search(r'id=RT-(\d{6})-01 ', run.stdout)[1] in {f'{at:%y%m%d}' for at in dates}  # type: ignore[index]
