"""validate-frontmatter: every document fits its kind, ids are unique, and what a document names exists."""
from __future__ import annotations

import os
from collections.abc import Collection
from collections.abc import Sequence

from daybook import problem
from daybook.checks import looking
from daybook.checks import vicinity
from daybook.checks.change import Look
from daybook.checks.scope import Scope
from daybook.checks.vicinity import Keys
from daybook.checks.vicinity import Part
from daybook.checks.vicinity import Rules
from daybook.documents import config
from daybook.documents import document
from daybook.documents import mappings
from daybook.documents import schema
from daybook.documents.config import Settings
from daybook.documents.document import Document
from daybook.documents.kinds import BUILT_IN
from daybook.documents.kinds import MARKDOWN
from daybook.errors import FatalError
from daybook.problem import Problem
from daybook.repo import files
from daybook.repo import git
from daybook.repo import git_objects
from daybook.rules import conflicts
from daybook.rules import frontmatter
from daybook.rules import identity
from daybook.rules import references
from daybook.rules import values

HOOK_ID = 'validate-frontmatter'
_FLAGS = {'warn': 'print problems as warnings, unless `validate.block_from` has come',
          'fix': 'rewrite each `source_path` that is not where its file lies'}
_TOLD_BY_ZONES, _TOLD_BY_FRESHNESS = ('zone',), ('review_by', 'ttl_days')  # by hooks of their own, where they have rules
_TOLD = ('source_path', 'version')  # keys that say what the name of the file says too


def _operators(scope: Scope) -> tuple[dict[str, object], list[Problem]]:
    given, problems = scope.mapping(config.OPERATORS_PATH, 'operators')
    if problems or not given:
        return {}, problems
    operators = given['operators']
    problems = identity.check_operators(config.OPERATORS_PATH, operators, {})
    if problems:  # only now does anybody ask for lines
        data = config.read_file(scope.repo.root, config.OPERATORS_PATH)
        problems = identity.check_operators(config.OPERATORS_PATH, operators, mappings.lines(data or b''))
    return operators, problems


def _slips(scope: Scope) -> list[Problem]:
    """Return the kinds of the team's own whose names are slips from a built-in one that the settings leave as it is."""
    kinds = {kind.name: kind for kind in scope.settings.kinds}
    untouched = [kind.name for kind in config.DEFAULTS.kinds if kinds[kind.name] == kind]
    slips = {name: meant for name in kinds.keys() - BUILT_IN for meant in untouched if frontmatter.is_slip(name, meant)}
    lines = config.lines(scope.repo.root) if slips else {}
    return [Problem(config.PATH, lines.get(f'/kinds/{name}', 1), 'settings',
                    f'/kinds/{name}: a kind of your own; did you mean `{meant}`?', 'warning') for name, meant in slips.items()]


def _check(scope: Scope, part: Part, operators: dict[str, object]) -> list[Problem]:
    documents = part.documents
    schemas, found = document.usable_schemas(scope.repo, {each.kind for each in documents})
    found += frontmatter.check(documents, schemas)
    found += conflicts.check(documents)
    found += values.check(documents, schemas, _TOLD_BY_ZONES * bool(scope.settings.zones_folders)
                          + _TOLD_BY_FRESHNESS * bool(scope.settings.freshness_rules))
    found += identity.check(documents, part.others, slug=scope.settings.sessions_slug)
    names = part.names
    found += references.check(documents, part.files, scope.former, None if names is None else lambda kind: names(f'{kind}:'))
    found += references.check_operators(documents, operators) if operators else []
    found += _headers(scope, documents)
    if part.names is None or scope.settings.handoff_action_log in part.others:
        found += _action_log(scope)
    # where a file is not tracked, a stub is at home
    return [wrong for wrong in found if wrong.rule != 'claim-stub' or wrong.path not in scope.untracked]


def _in_fences(scope: Scope) -> list[Problem]:
    """Return the conflicts in code fences, by what git remembers of a merge: elsewhere it is an example."""
    paths = scope.paths if scope.change is None else scope.change.paths
    shown = {found.path: found for found in scope.documents_among(paths) if scope.covers(found.path) and conflicts.may_be_left(found)}
    sides: dict[str, list[str]] = {}
    for entry in git_objects.sides(scope.repo, *git.pathspec(shown)) if shown else ():
        sides.setdefault(entry.path, []).append(entry.oid)
    return [wrong for path, oids in sides.items() if path in shown
            for wrong in conflicts.check_merged(shown[path], [data or b'' for data in git_objects.read_local(scope.repo, oids)])]


def _action_log(scope: Scope) -> list[Problem]:
    data = _log_data(scope)
    if data is None:
        return []
    from daybook.rules import action_log  # most repositories keep no log

    return action_log.check(str(scope.settings.handoff_action_log), data)


def _log_data(scope: Scope) -> bytes | None:
    """Return the action log, inside a commit as it is staged; None when there is none."""
    path = scope.settings.handoff_action_log
    if path is None or '\n' in path:
        return None
    if scope.is_in_commit:
        return git_objects.read_blobs(scope.repo, [f':{path}'])[0]
    return files.read_bytes(files.inside(scope.repo.root, path))


def _unchecked(scope: Scope) -> list[str]:
    """Return what governs nothing: a kind with headers that has none, a log that nobody has begun."""
    if scope.change is not None or scope.named:
        return []
    return [*_idle_headers(scope), *_idle_log(scope)]


def _idle_log(scope: Scope) -> list[str]:
    path = scope.settings.handoff_action_log
    data = _log_data(scope)
    if path is None:
        return []
    from daybook.rules import action_log

    if data is not None and action_log.has_rows(data):
        return []
    why = 'it is not there yet; the next hand-off makes it' if data is None else 'it has only its header; the next hand-off adds one'
    return [f'{HOOK_ID}: 0 rows governed in {path}: {why}']


def _idle_headers(scope: Scope) -> list[str]:
    if not scope.settings.kind('doc').paths or _is_any_header(scope):
        return []
    return [f'{HOOK_ID}: 0 documents governed; none of kind doc has a header, and none says `source_path`, or `version` where its name does']


def _rules(scope: Scope) -> Rules:
    slug, root = scope.settings.sessions_slug, scope.repo.root
    places = [config.PATH, config.OPERATORS_PATH, *sorted({kind.schema for kind in scope.settings.kinds if kind.schema})]
    setup = [*(config.read_file(root, place) for place in places), files.read_bytes(__file__)]
    operators, wrong_operators = _operators(scope)  # before the catalogue is being written
    wrong_settings = [*wrong_operators, *_slips(scope)]

    def keys(found: Document) -> Keys:
        gives = identity.keys(found, slug=slug) | references.gives(found)
        return Keys(frozenset(gives), frozenset(references.asks(found)), references.may_be_in_cycle(found))

    def check(part: Part) -> list[Problem]:
        return [*_check(scope, part, operators), *wrong_settings]

    return Rules(HOOK_ID, repr((schema.version(), setup)).encode(), check, keys,
                 lambda path: Keys(frozenset(identity.path_keys(path))))


def _may_have_header(found: Document) -> bool:
    return found.kind.name == 'doc' or any(key in found.meta for key in _TOLD)


def _is_any_header(scope: Scope) -> bool:
    from daybook.governance import records
    from daybook.rules import headers

    return any(headers.is_governed(records.of_document(found)) for found in scope.documents if _may_have_header(found))


def _headers(scope: Scope, documents: Collection[Document]) -> list[Problem]:
    governed = [found for found in documents if _may_have_header(found)]
    if not governed:
        return []
    from daybook.governance import records
    from daybook.rules import headers

    known = {found.path: records.of_document(found) for found in governed}
    problems = headers.check(known.values())
    if 'fix' not in scope.flags:
        return problems
    data = {found.path: found.data for found in governed}
    return [_fixed(scope, wrong, data[wrong.path], headers.written_path(known[wrong.path]))
            if wrong.rule == headers.PATH and scope.covers(wrong.path) else wrong for wrong in problems]


def _fixed(scope: Scope, wrong: Problem, before: bytes, source_path: str) -> Problem:
    """Rewrite one `source_path`; return what the problem comes to, which still ends the run with 1, as files were rewritten."""
    from daybook.writers import reviewed

    place = files.inside(scope.repo.root, wrong.path)
    try:
        if files.read_bytes(place) != before:  # what is staged is not what lies there
            raise FatalError('it has unstaged changes; stage them first')
        after = reviewed.stamp(before, {'source_path': source_path}, ())
    except FatalError as error:
        return wrong._replace(message=f'{wrong.message.partition(";")[0]}; not rewritten: {error}')
    files.write_atomic(place, after)
    return wrong._replace(message=f'source_path rewritten to {source_path}; {problem.add_line(scope.repo.root, [wrong.path], os.getcwd())}')


def _may_matter(settings: Settings, path: str) -> bool:
    own_schemas = {kind.schema for kind in settings.kinds}
    return path.endswith(MARKDOWN) or path.startswith('.daybook/') \
        or path in own_schemas or path == settings.handoff_action_log


def _by_settings(scope: Scope) -> set[str]:
    """Return the documents of which the change at hand makes others by the settings."""
    if scope.change is None:
        return set()
    return document.caused_by_settings(scope.repo, scope.settings, scope.documents, scope.change.paths, scope.change.base)


def _eased(scope: Scope, found: Look) -> Look:
    """Return what was found with warnings in place of errors where `--warn` asks for that, or the day of the settings is to come."""
    date = scope.settings.validate_block_from
    if date is None:
        if 'warn' not in scope.flags:
            return found
        note = f'{HOOK_ID}: warns only; these problems block without `--warn`'
        return found._replace(problems=problem.as_warnings(found.problems), notes=[*found.notes, note])
    if scope.today >= date:
        return found
    from daybook.checks import grace

    problems = grace.judged(scope, found.problems, os.environ)
    if problems == list(found.problems):
        return found
    words = 'the others only warn; they block' if problem.is_blocking(problems) else 'warns only; these problems block'
    return found._replace(problems=problems, notes=[*found.notes, f'{HOOK_ID}: {words} from {date} on'])


def look(scope: Scope) -> Look:
    """Return what is wrong with the documents."""
    change = scope.change
    if change and not any(_may_matter(scope.settings, path) for path in change.paths):
        return Look()
    # what a broken schema lets pass depends on which kinds have documents
    is_sound = not document.usable_schemas(scope.repo, [kind for kind in scope.settings.kinds if kind.schema])[1]
    found = vicinity.look(scope, _rules(scope), lambda: _by_settings(scope), may_be_part=is_sound)
    found = found._replace(problems=[*found.problems, *_in_fences(scope)], notes=_unchecked(scope))
    return _eased(scope, found) if problem.is_blocking(found.problems) else found


def main(argv: Sequence[str] | None = None) -> int:
    return looking.run(HOOK_ID, __doc__, look, argv, say=print, flags=_FLAGS)


if __name__ == '__main__':
    raise SystemExit(main())
