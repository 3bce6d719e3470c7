"""A first operators file: the people who commit, with slugs and initials of their own."""
from __future__ import annotations

import re
import string
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Sequence
from typing import Any

from daybook.rules import people
from daybook.rules.people import Person
from daybook.session import operators
from daybook.session.operators import Operator

_LIMIT = 12  # from there on a person should choose who hands off


def _candidates(person: Operator) -> Iterator[str]:
    """Yield initials in order of preference: two to five capital letters or digits, a letter first."""
    words = person.slug.upper().replace('.', '-').replace('_', '-').split('-')
    yield person.initials
    letters = re.sub(r'^[0-9]+', '', ''.join(words))
    for length in (2, 3):
        yield person.initials[0] + words[-1][:length]
        yield letters[:length]
    for digit in string.digits[2:] + string.ascii_uppercase:
        yield person.initials[:2] + digit


def _distinct(people: Iterable[Operator]) -> list[Operator]:
    slugs: set[str] = set()
    taken: set[str] = set()
    found = []
    for person in people:
        slug = next(s for s in (person.slug, *(f'{person.slug[:36]}-{n}' for n in range(2, 99))) if s not in slugs)
        free = [i for i in _candidates(person) if re.fullmatch('[A-Z][A-Z0-9]{1,4}', i) and i not in taken]
        if free:
            slugs.add(slug)
            taken.add(free[0])
            found.append(person._replace(slug=slug, initials=free[0]))
    return found


def _ordered(persons: Sequence[Person], own: tuple[str, str]) -> list[Person]:
    """Return `persons` with the one whose identity `own` is first: theirs are the initials that they would derive."""
    mine = [person for person in persons if own[1] in person.emails or own[0] == person.name]
    return [*mine[:1], *(person for person in persons if person not in mine[:1])]


def proposed(commits: Iterable[tuple[str, str]], own: tuple[str, str]) -> dict[str, dict[str, Any]]:
    """Return the operators, by slug, that name and address of each commit stand for; at most twelve.

    `own` is git's name and address here. Nobody when they alone commit and can be derived
    whenever they are needed. Bots and agents are left out, as is whoever gives no two letters.
    """
    is_person = any(own) and not people.is_program(*own)
    persons = _ordered(people.fold([*commits, own] if is_person else commits), own)
    if len(persons) == 1 and is_person and operators.derive(*own):
        return {}
    whole = [who._replace(emails=person.emails) for person in persons[:_LIMIT]
             if (who := operators.derive(person.name, person.emails[0]))]
    return {who.slug: {'name': who.name, 'initials': who.initials, 'emails': [e for e in who.emails if e]}
            for who in _distinct(whole)}
