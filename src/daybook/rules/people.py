"""Who commits: the identities of git's history folded into persons, programs left out."""
from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

# https://docs.github.com/account-and-profile/reference/email-addresses-reference
_NOREPLY = re.compile(r'^(?:\d+\+)?(?P<user>[^@]+)@users\.noreply\.')
_BOT = re.compile(r'\[bot\]|(?:^|[-_ .])bot(?:$|[-_ @.])|[-_ .]agent$'
                  r'|^(?:bot|actions|no-?reply|codex|cursoragent|devin\S*)@|@anthropic\.com|copilot@', re.I)
_PROGRAMS = frozenset((
    'claude', 'claude code', 'codex', 'copilot', 'cursor', 'cursor agent', 'gemini', 'gemini cli', 'devin', 'jules',
    'dependabot', 'renovate', 'github actions', 'github-actions', 'semantic-release', 'conventional changelog action',
    'openhands', 'github', 'manus', 'manus ai', 'lovable', 'aider', 'opencode', 'windsurf', 'antigravity'))
_MODEL = re.compile(r'(?:claude|opus|sonnet|codex|copilot|gemini|gpt)\b', re.I)  # somebody's agent under its own name
_NOBODY = frozenset((
    'user', 'root', 'ubuntu', 'admin', 'you', 'yourname', 'unknown', 'test', 'git', 'developer', 'localhost'))
_SHARED_MAILBOX = _NOBODY | {
    'info', 'mail', 'me', 'hello', 'dev', 'code', 'github', 'contact', 'core', 'team', 'office', 'support'}


class Person(NamedTuple):
    """Somebody who commits: the name used most, how many commits, and every address, the most used first."""

    name: str
    commits: int
    emails: tuple[str, ...]


def _marks(name: str, email: str) -> set[str]:
    """Return what two identities of one person share: an address, an account, a whole name."""
    noreply = _NOREPLY.match(email)
    local = noreply['user'] if noreply else email.partition('@')[0]
    called = re.sub(r'[\W_]+', '', name.partition('@')[0].casefold())
    account = re.sub(r'[\W_]+', '', local.casefold())
    parts = re.findall(r'[^\W\d_]+', name.casefold())
    marks = {f'mail {email.casefold()}'}
    if len(parts) == 2 and len(parts[1]) > 3:
        marks.add(f'name {parts[0][0]}{parts[1]}')  # vpatrin of Victor Patrin
    if noreply and '+' in email:
        marks.add(f'number {email.partition("+")[0]}')
    marks |= {f'name {mark}' for mark in (called, account) if len(mark) > 3 and mark not in _SHARED_MAILBOX}
    return marks


def is_program(name: str, email: str) -> bool:
    """Return whether an identity is that of a bot or an agent, not of a person."""
    return bool(_BOT.search(email) or _BOT.search(name)) or name.casefold().strip() in _PROGRAMS


def fold(commits: Iterable[tuple[str, str]]) -> list[Person]:
    """Return the persons behind the (name, e-mail) of commits, most commits first."""
    counts = Counter(pair for pair in commits if not is_program(*pair))
    groups: list[tuple[set[str], Counter[tuple[str, str]]]] = []
    for (name, email), count in counts.most_common():
        marks, found = _marks(name, email), Counter({(name, email): count})
        for group in [group for group in groups if group[0] & marks]:
            groups.remove(group)
            marks |= group[0]
            found += group[1]
        groups.append((marks, found))
    persons = [_person(found) for _, found in groups if not all(_MODEL.match(name) for name, _ in found)]
    return sorted(persons, key=lambda person: (-person.commits, person.name))


def _person(found: Counter[tuple[str, str]]) -> Person:
    names: Counter[str] = Counter()
    for (name, _), count in found.items():
        names[name] += count
    # a first and a last name says more than a handle that was used more often
    name = max(names, key=lambda name: (not _MODEL.match(name), ' ' in name and '@' not in name, names[name], name))
    ordered = dict.fromkeys(email for (_, email), _ in found.most_common())
    emails = sorted(ordered, key=lambda email: bool(_NOREPLY.match(email)))
    return Person(name, found.total(), tuple(emails))
