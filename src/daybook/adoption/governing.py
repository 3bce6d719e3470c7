"""What governance has to say of a repository: stray, doubled and unowned documents, and what each hook of it would say."""
from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from daybook.adoption.sweep import Sweep
from daybook.documents import config
from daybook.documents import governed
from daybook.documents import review
from daybook.documents.config import Settings
from daybook.documents.kinds import is_never
from daybook.errors import FatalError
from daybook.governance import authority_map
from daybook.governance import cochanging
from daybook.governance import quoting
from daybook.problem import Problem
from daybook.rules import authority
from daybook.rules import freshness
from daybook.rules import habits
from daybook.rules import headers
from daybook.rules import hygiene
from daybook.rules import lifecycle
from daybook.rules import naming
from daybook.rules import succession
from daybook.rules import zones

FIRST = 5  # how many examples of each finding are kept
_MAP = re.compile(r'(?:^|/)authority[-_]?map[^/]*\.(?:json|ya?ml)$', re.IGNORECASE)


def _first(found: Sequence[Any]) -> dict[str, Any]:
    return {'count': len(found), 'first': list(found[:FIRST])}


def _groups(groups: Sequence[tuple[str, list[str]]]) -> dict[str, Any]:
    # what is in use before what was put away
    found = sorted(groups, key=lambda group: all(map(naming.is_put_away, group[1])))
    return {'count': len(found), 'files': sum(len(paths) for _, paths in found), 'first': [paths for _, paths in found[:FIRST]]}


def _is_apart(path: str) -> bool:
    return path.startswith('.') or naming.is_foreign(path)


def _said(problems: Iterable[Problem], governed_count: int, **more: Any) -> dict[str, Any]:
    found = sorted(set(problems))
    shown = [{'path': wrong.path, 'line': wrong.line, 'rule': wrong.rule, 'message': wrong.message} for wrong in found[:FIRST]]
    return {'governed': governed_count, 'count': len(found), 'rules': dict(Counter(wrong.rule for wrong in found).most_common()),
            'first': shown, **more}


class Governing:
    """The documents of a sweep as the hooks of governance would see them with `settings`.

    Before anything is settled, a stray file with the header of a document counts as one of kind `doc`.
    """

    def __init__(self, found: Sweep, settings: Settings, *, is_adopted: bool, today: str) -> None:
        self.sweep, self.settings, self.today = found, settings, today
        self.kinds = {path: kind for path in found.governed if (kind := config.kind_of(settings, path))}
        names = {kind.name for kind in settings.kinds}
        self.strays = [path for path, said in found.governed.items() if path not in self.kinds and not _is_apart(path)
                       and not is_never(path) and hygiene.is_stray(said.header, names)]
        known = self.kinds if is_adopted else {**self.kinds, **dict.fromkeys(self.strays, settings.kind('doc'))}
        self.records = [governed.record(path, known[path], found.governed[path]) for path in sorted(known)]

    def hygiene(self) -> dict[str, Any]:
        """Return what is stray, doubled, nobody's, or says that it lies elsewhere."""
        ours = [path for path in self.sweep.governed if path in self.kinds or not _is_apart(path)]
        blobs = {path: self.sweep.blobs[path] for path in ours if self.sweep.looks[path].size}
        copies, named = habits.shared((blob, path) for path, blob in blobs.items()), habits.shared((hygiene.bare_name(path), path) for path in ours)
        told = {path for _, paths in (*copies, *named) for path in paths}
        documents = [record.path for record in self.records]
        titles = habits.shared((self.sweep.looks[path].title, path) for path in documents if path not in told)
        unowned = [path for path in documents if not hygiene.is_owned(self.sweep.governed[path].header, self.sweep.looks[path].keys)]
        wrong = sorted(headers.check(self.records))
        return {
            'stray': _first(sorted(self.strays, key=naming.is_put_away)), 'same_content': _groups(copies), 'same_name': _groups(named), 'same_title': _groups(titles),
            'unowned': {**_first(unowned), 'of': len(documents)},
            'headers': _said(wrong, sum(governed.has_header(record) for record in self.records)),
        }

    def _authority(self) -> dict[str, Any]:
        repo, settings = self.sweep.repo, self.settings
        named = authority_map.path_of(repo, settings)
        seen = [path for path in self.sweep.files if _MAP.search(path) and not naming.is_put_away(path)]
        path = named or min(seen, key=lambda each: (each.count('/'), each), default=None)
        if path is None:
            return _said([], authority.governed(self.records), map=None, is_settled=False)
        try:
            known = authority_map.read(repo, settings._replace(authority_map=path))
        except FatalError as error:
            return _said([Problem(path, 1, 'authority-map', str(error))], 0, map=path, is_settled=named is not None)
        problems = known.problems if known and known.map is None else []
        if known and known.map:
            problems = authority.check(known.map, known.given, self.records, self.sweep.files)
        return _said(problems, authority.governed(self.records), map=path, is_settled=named is not None)

    def _cochange(self, lines: Mapping[str, int]) -> dict[str, Any]:
        rules = self.settings.cochange
        dead = cochanging.dead(self.sweep.repo, rules, self.sweep.files, lines, ()) if rules else []
        return _said(dead, len(rules))

    def _freshness(self) -> dict[str, Any]:
        wanted = review.governed(self.records, review.Policy(self.settings.freshness_rules))
        days = self.settings.freshness_due_days
        due = freshness.due(wanted, self.today, days)
        return _said(freshness.check(wanted, self.today, strict=False), len(wanted), due=len(due), due_days=days)

    def _lifecycle(self) -> dict[str, Any]:
        tables = lifecycle.tables(self.settings.kinds)
        count = sum(record.kind in tables and bool(record.meta.get('status')) or bool(succession.governed([record])) for record in self.records)
        problems = lifecycle.check(self.records, tables, {}, is_range=False)
        return _said([*problems, *(wrong.problem for wrong in succession.check(self.records))], count)

    def _zones(self, lines: Mapping[str, int]) -> dict[str, Any]:
        settings, folders = self.settings, self.settings.zones_folders
        known = zones.Zones(self.records, settings.zones_default, folders)
        count = zones.governed(self.records, folders)
        problems = zones.check_folders(config.PATH, folders, lines)
        if count or problems:
            problems += [*zones.check(known, folders, settings.render_zone), *quoting.check(self.sweep.repo, settings, known)]
        return _said(problems, count)

    def hooks(self, lines: Mapping[str, int]) -> dict[str, Any]:
        """Return what each hook of governance would say; `lines` are those of the settings."""
        return {'check-authority': self._authority(), 'check-cochange': self._cochange(lines),
                'check-freshness': self._freshness(), 'check-lifecycle': self._lifecycle(), 'check-zones': self._zones(lines)}
