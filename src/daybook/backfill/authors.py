"""Which operator wrote an old document: authors of commits and names in headers, mapped to slugs."""
from __future__ import annotations

import re
from collections.abc import Iterable
from collections.abc import Mapping

from daybook.repo import git
from daybook.repo import git_log
from daybook.repo.git import Repo
from daybook.rules import people
from daybook.session import operators
from daybook.session.operators import Operator
from daybook.writers.backfill import Added

_MANY = 100_000  # commits; who else took part stays a stranger
_LONGEST = 500  # characters in which somebody is named
_AGENT = re.compile(r'(?:claude|opus|sonnet|haiku|codex|copilot|gemini|chatgpt|gpt|cursor|devin|jules|agent|assistant|ai)\b', re.I)
_BETWEEN = re.compile(r'\s*(?:[,;&+/]|\band\b)\s*')
# https://docs.github.com/account-and-profile/reference/email-addresses-reference
_ACCOUNT = re.compile(r'(?:\d+\+)?([^@]+)@users\.noreply\.')
_MAIL = re.compile(r'[\w.+-]+@[\w.-]+\.\w+')


class Authors:
    """The operators by everything that they are known by, in folded case; what two of them share names nobody."""

    def __init__(self, known: Iterable[Operator]) -> None:
        self._by_mark: dict[str, str] = {}
        for who in known:
            accounts = [found[1] for mail in who.emails if (found := _ACCOUNT.match(mail))]
            for mark in {m.strip().casefold() for m in (who.slug, who.name, who.initials, *who.emails, *accounts) if m}:
                self._by_mark[mark] = who.slug if self._by_mark.get(mark, who.slug) == who.slug else ''

    def of_commit(self, added: Added) -> tuple[str, str]:
        """Return the slug of the author of a commit and ``, or `` and why nobody is known."""
        slug = self._by_mark.get(added.email.strip().casefold())
        if slug is None and ' ' in added.name.strip():  # one word is no name that only one person has
            slug = self._by_mark.get(added.name.strip().casefold())
        if slug:
            return slug, ''
        if people.is_program(added.name, added.email):
            return '', f'added by a program: {added.name}'
        return '', f'added by nobody of the operators: {added.name} <{added.email}>'

    def _part(self, text: str) -> str | None:
        name = re.sub(r'[(<\[（].*', '', text).strip(' @*_`.')
        if not name or people.is_program(name, '') or _AGENT.match(name):
            return ''
        return self._by_mark.get(name.casefold()) or None

    def named(self, text: str) -> str | None:
        """Return the slug of the one operator whom a text names, `` when it names programs only, else None."""
        if len(text) > _LONGEST:
            return None
        slugs: set[str | None] = {slug for mail in _MAIL.findall(text) if (slug := self._by_mark.get(mail.casefold()))}
        if not slugs:
            parts = {self._part(part) for part in _BETWEEN.split(re.sub(r'\(.*?\)|（.*?）', '', text)) if part}
            slugs = parts - {''} or {''}
        return next(iter(slugs)) if len(slugs) == 1 else None


def load(repo: Repo) -> Authors:
    """Return the configured operators; without an operators file, the persons that git's history shows."""
    configured: Mapping[str, Operator] = operators.load(repo.root)
    if configured:
        return Authors(configured.values())
    own = tuple((git.config_value(repo, key) or '').strip() for key in ('user.name', 'user.email'))
    persons = people.fold((commit.name, commit.email) for commit in git_log.recent_commits(repo, _MANY))
    derived = []
    for person in persons:
        # as `whoami` has them: by git's own name where it is theirs
        name, email = own if own[1] in person.emails else (person.name, person.emails[0])
        who = operators.derive(name, email)
        derived += [who._replace(emails=person.emails)] if who else []
    return Authors(derived)
