"""Operators: the people for whom agents act, and which of them is at work here."""
from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import date
from datetime import datetime
from typing import NamedTuple

from daybook.documents import config
from daybook.errors import FatalError
from daybook.repo import git
from daybook.repo.git import Repo

PATH = '.daybook/operators.yaml'

# https://docs.github.com/account-and-profile/reference/email-addresses-reference
_NOREPLY = re.compile(r'^(?:\d+\+)?(?P<user>[^@]+)@users\.noreply\.')


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
        except (zoneinfo.ZoneInfoNotFoundError, ValueError) as error:
            raise FatalError(f'{PATH}: unknown time zone of {self.slug}: {self.timezone}; '
                             'use an IANA name such as Europe/Berlin') from error


def load(root: str) -> dict[str, Operator]:
    """Return the configured operators by slug; none when there is no operators file.

    Raises FatalError when the file does not fit its schema or two operators share initials or an address.
    """
    given = config.load_mapping(root, PATH, 'operators')
    operators = {
        slug: Operator(slug, o.get('name', slug), o['initials'], tuple(o.get('emails', ())), o.get('timezone'))
        for slug, o in given.get('operators', {}).items()
    }
    owners: dict[str, str] = {}
    for operator in operators.values():
        for mark in (operator.initials, *operator.emails):
            other = owners.setdefault(mark.casefold(), operator.slug)
            if other != operator.slug:
                raise FatalError(f'{PATH}: {mark} belongs to {other} and to {operator.slug}; give each their own')
    return operators


def _ascii_words(text: str) -> list[str]:
    plain = unicodedata.normalize('NFKD', text).encode('ascii', 'ignore').decode()
    return re.findall(r'[A-Za-z0-9]+', plain)


def _initials(words: list[str]) -> str | None:
    letters = ''.join(word[0] for word in words if word[0].isalpha()) if len(words) > 1 else ''
    if len(letters) < 2:
        letters = re.sub(r'^[0-9]+', '', ''.join(words))[:2]
    return letters[:3].upper() if len(letters) >= 2 else None


def derive(name: str, email: str) -> Operator | None:
    """Return the operator that git's name and e-mail stand for, or None when they give no two letters."""
    noreply = _NOREPLY.match(email)
    user = noreply['user'] if noreply else email.split('@')[0]
    for words in (_ascii_words(name), _ascii_words(user)):
        initials = _initials(words)
        if initials:
            slug = '-'.join(words).lower()[:39].strip('-')
            return Operator(slug, name or slug, initials, (email,) if email else ())
    return None


def _by_email(operators: Mapping[str, Operator], email: str) -> Operator | None:
    wanted = email.strip().casefold()
    for operator in operators.values():
        if wanted and wanted in (known.casefold() for known in operator.emails):
            return operator
    return None


def _template(name: str, email: str) -> str:
    person = derive(name, email) or Operator('roman', 'Roman T', 'RT', ())
    return (f'\n  put this into {PATH} (and one entry for each of you):\n'
            f'operators:\n  {person.slug}:\n    name: {name or person.name}\n    initials: {person.initials}\n'
            f'    emails: [{email or "you@example.com"}]')


def _named(operators: Mapping[str, Operator], word: str, source: str, template: str) -> Operator:
    for operator in operators.values():
        if word.casefold() in (operator.slug.casefold(), operator.initials.casefold()):
            return operator._replace(source=source)
    found = _by_email(operators, word)
    if found is None:
        known = ', '.join(operators) or 'nobody, as there is no such file'
        raise FatalError(f'unknown operator: {word} (from {source}); {PATH} knows {known}{template}')
    return found._replace(source=source)


def resolve(repo: Repo, email: str | None, environ: Mapping[str, str]) -> Operator:
    """Return who is at work: `email`, $OPERATOR, $CLAUDE_USER_EMAIL, git's user.email, the only operator.

    Without an operators file the person is derived from git's name and e-mail. Raises FatalError
    with a ready-to-paste YAML block when nothing tells.
    """
    operators = load(repo.root)
    git_name = environ.get('GIT_AUTHOR_NAME') or git.config_value(repo, 'user.name') or ''
    git_email = git.config_value(repo, 'user.email') or environ.get('GIT_AUTHOR_EMAIL') or ''
    template = _template(git_name, git_email)
    if email:
        if not operators and derive('', email):
            return derive(git_name if email == git_email else '', email)._replace(source='--email')
        return _named(operators, email, '--email', template)
    if environ.get('OPERATOR'):
        if not operators and derive(environ['OPERATOR'], ''):
            return derive(environ['OPERATOR'], git_email)._replace(source='$OPERATOR')
        return _named(operators, environ['OPERATOR'], '$OPERATOR', template)
    for source, address in (('$CLAUDE_USER_EMAIL', environ.get('CLAUDE_USER_EMAIL', '')),
                            ('git config user.email', git_email)):
        found = _by_email(operators, address)
        if found:
            return found._replace(source=source)
    if len(operators) == 1:
        return next(iter(operators.values()))._replace(source=f'the only operator in {PATH}')
    if not operators:
        address = environ.get('CLAUDE_USER_EMAIL') or git_email
        derived = derive(git_name, address)
        if derived:
            return derived._replace(source="git's name and e-mail")
    raise FatalError(f'cannot tell which operator is at work: git says `{git_name} <{git_email}>`; '
                     f'set OPERATOR=<slug>, or name the address{template}')
