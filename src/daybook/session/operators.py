"""Operators: the people for whom agents act, and which of them is at work here."""
from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from collections.abc import Mapping
from datetime import date
from datetime import datetime
from typing import NamedTuple

from daybook.documents import config
from daybook.documents import frontmatter_edit
from daybook.documents import mappings
from daybook.errors import FatalError
from daybook.problem import printable
from daybook.repo import git
from daybook.repo.git import Repo
from daybook.rules import people

PATH = '.daybook/operators.yaml'

# https://docs.github.com/account-and-profile/reference/email-addresses-reference
_NOREPLY = re.compile(r'^(?:\d+\+)?(?P<user>[^@]+)@users\.noreply\.')
# letters that Unicode does not take apart into a plain one and a mark
_NOT_COMPOSED = str.maketrans({'ß': 'ss', 'æ': 'ae', 'Æ': 'Ae', 'œ': 'oe', 'Œ': 'Oe', 'ø': 'o', 'Ø': 'O', 'ł': 'l', 'Ł': 'L',
                               'đ': 'd', 'Đ': 'D', 'ð': 'd', 'Ð': 'D', 'þ': 'th', 'Þ': 'Th', 'ı': 'i'})


class Operator(NamedTuple):
    """A person. `source` says how the person was found, for `whoami`."""

    slug: str
    name: str
    initials: str
    emails: tuple[str, ...]
    timezone: str | None = None
    source: str = ''

    def local_date(self, now: datetime) -> date:
        """Return the date of `now` (aware) where the operator is: their time zone, else the machine's."""
        if self.timezone is None:
            return now.astimezone().date()
        import zoneinfo

        try:
            return now.astimezone(zoneinfo.ZoneInfo(self.timezone)).date()
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise FatalError(f'{PATH}: unknown time zone of {self.slug}: {printable(self.timezone)}; '
                             'use an IANA name such as Europe/Berlin') from error


def load(root: str) -> dict[str, Operator]:
    """Return the configured operators by slug; none when there is no operators file.

    Raises FatalError when the file does not fit its schema or two operators share initials or an address.
    """
    return from_bytes(config.read_file(root, PATH))


def from_bytes(data: bytes | None) -> dict[str, Operator]:
    """Return the operators that the bytes of an operators file make; none for None. Raises FatalError as `load` does."""
    given = mappings.load(PATH, data, 'operators')
    operators = {
        slug: Operator(slug, o.get('name', slug), o['initials'], tuple(o.get('emails', ())), o.get('timezone'))
        for slug, o in given.get('operators', {}).items()
    }
    owners: dict[str, str] = {}
    for operator in operators.values():
        for mark in (operator.initials, *operator.emails):
            other = owners.setdefault(mark.strip().casefold(), operator.slug)
            if other != operator.slug:
                raise FatalError(f'{PATH}: {printable(mark)} belongs to {other} and to {operator.slug}; '
                                 'give each their own')
    return operators


def _ascii_words(text: str) -> list[str]:
    plain = unicodedata.normalize('NFKD', text.translate(_NOT_COMPOSED)).encode('ascii', 'ignore').decode()
    return re.findall(r'[A-Za-z0-9]+', plain)


def _initials(words: list[str]) -> str | None:
    letters = ''.join(word[0] for word in words if word[0].isalpha()) if len(words) > 1 else ''
    if len(letters) < 2:
        letters = re.sub(r'^[0-9]+', '', ''.join(words))[:2]
    return letters[:3].upper() if len(letters) >= 2 else None


def derive(name: str, email: str) -> Operator | None:
    """Return the operator that git's name and e-mail stand for, or None when they give no two letters."""
    noreply = _NOREPLY.match(email)
    user = noreply['user'] if noreply else email.split('@')[0].split('+')[0]
    for words in (_ascii_words(name), _ascii_words(user)):
        initials = _initials(words)
        if initials:
            slug = '-'.join(words).lower()[:39].strip('-')
            return Operator(slug, name or slug, initials, (email,) if email else ())
    return None


def _by_email(operators: Mapping[str, Operator], email: str) -> Operator | None:
    wanted = email.strip().casefold()
    for operator in operators.values():
        if wanted and wanted in (known.strip().casefold() for known in operator.emails):
            return operator
    return None


def _block(entries: Mapping[str, Mapping[str, object]]) -> str:
    return frontmatter_edit.render({'operators': entries}).removeprefix('---\n').removesuffix('---\n').rstrip()


def _template(operators: Mapping[str, Operator], name: str, email: str) -> str:
    """Return what to put into the file for a new person, or for one of it who has another address now; nothing for who is known."""
    if _by_email(operators, email):
        return ''
    person = derive(name, email) or Operator('your-name', 'Your Name', 'YN', ())
    for known in operators.values():
        if email and (known.name.casefold() == name.casefold() or known.slug == person.slug):
            return (f'\n  if you are {printable(known.slug)} ({printable(known.name)}), add the address to that entry of {PATH}:\n'
                    + _block({known.slug: {'emails': [*known.emails, email]}}))
    entry = {'name': name or person.name, 'initials': person.initials, 'emails': [email or 'you@example.com']}
    block = _block({person.slug: entry})
    if operators:  # a second key `operators` would be refused
        return f'\n  add this below `operators:` in {PATH}:\n{block.partition(chr(10))[2]}'
    return f'\n  put this into {PATH} (and one entry for each of you):\n{block}'


def _named(operators: Mapping[str, Operator], word: str, source: str, template: str) -> Operator:
    folded = word.casefold()
    found = [o for o in operators.values() if folded in (o.slug.casefold(), o.initials.casefold())]
    if len(found) > 1:  # the slug of one is the initials of the other
        found = [o for o in found if word in (o.slug, o.initials)] or found
    known = ', '.join(operators) or 'nobody, as there is no such file'
    if len(found) > 1:
        raise FatalError(f'{printable(word)} (from {source}) may be {" or ".join(o.slug for o in found)}; '
                         f'{PATH} knows {known}; name an address')
    by_email = found[0] if found else _by_email(operators, word)
    if by_email is None:
        raise FatalError(f'unknown operator: {printable(word)} (from {source}); {PATH} knows {known}{template}')
    return by_email._replace(source=source)


def _identity(repo: Repo, environ: Mapping[str, str]) -> tuple[str, str]:
    """Return git's name and e-mail here: the configured ones, as an agent may put its own into the environment."""
    pairs = (('user.name', 'GIT_AUTHOR_NAME'), ('user.email', 'GIT_AUTHOR_EMAIL'))
    name, email = ((git.config_value(repo, key) or environ.get(variable) or '').strip() for key, variable in pairs)
    return name, email


def _derived(name: str, addresses: Iterable[str]) -> Operator | None:
    """Return the person behind a name and all of their addresses, the most telling first.

    What is a program's tells nothing, yet the commits under its address are the person's.
    """
    known = tuple(dict.fromkeys(address for address in addresses if address))
    telling = [address for address in known if not people.is_program('', address)]
    person = derive('' if people.is_program(name, '') else name, telling[0] if telling else '')
    return person._replace(emails=known) if person else None


def _from_words(name: str, email: str, git_name: str, git_email: str) -> Operator | None:
    """Return the person whom `--email` or $OPERATOR names where there is no operators file: git's own, or another."""
    own = _derived(git_name, [git_email])
    is_own = email.casefold() == git_email.casefold() if email else own and name.casefold() in (
        own.slug, own.initials.casefold())
    if is_own:
        return own
    person = derive(name, email)
    return person._replace(emails=tuple(filter(None, [email or git_email]))) if person else None


def resolve(repo: Repo, email: str | None, environ: Mapping[str, str]) -> Operator:
    """Return who is at work: `email`, $OPERATOR, $CLAUDE_USER_EMAIL, git's user.email, the only operator.

    Without an operators file the person is derived from git's name and e-mail. Raises FatalError
    with a ready-to-paste YAML block when nothing tells.
    """
    operators = load(repo.root)
    git_name, git_email = _identity(repo, environ)
    person = _derived(git_name, [git_email])
    template = _template(operators, person.name if person else '', git_email)
    word, address = environ.get('OPERATOR', '').strip(), environ.get('CLAUDE_USER_EMAIL', '').strip()
    for source, name, mail in (('--email', '', (email or '').strip()), ('$OPERATOR', word, '')):
        if name or mail:
            derived = None if operators else _from_words(name, mail, git_name, git_email)
            return derived._replace(source=source) if derived else _named(operators, name or mail, source, template)
    for source, mail in (('$CLAUDE_USER_EMAIL', address), ('git config user.email', git_email)):
        found = _by_email(operators, mail)
        if found:
            return found._replace(source=source)
    if len(operators) == 1:
        return next(iter(operators.values()))._replace(source=f'the only operator in {PATH}')
    derived = None if operators else _derived(git_name, [address, git_email])
    if derived:
        return derived._replace(source="git's name and e-mail")
    raise FatalError(f'cannot tell which operator is at work: git says `{printable(f"{git_name} <{git_email}>")}`; '
                     f'set OPERATOR=<slug>, or name the address{template}')
