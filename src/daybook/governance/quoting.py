"""Which published documents repeat the summary of one of a higher zone: the texts are read of the few that may."""
from __future__ import annotations

from daybook.documents import document
from daybook.documents.config import Settings
from daybook.problem import Problem
from daybook.repo.git import Repo
from daybook.rules import zones
from daybook.rules.zones import Zones


def check(repo: Repo, settings: Settings, known: Zones) -> list[Problem]:
    """Return the places where a summary stands that must not."""
    suspects = zones.suspects(known, settings.render_zone)
    found = document.read_all(repo, settings, suspects) if suspects else ()
    return [wrong for each in found for wrong in zones.quoted(known, each.path, each.data.decode('utf-8', 'replace'), suspects[each.path])]
