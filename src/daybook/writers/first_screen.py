"""The text that `inventory` prints: what a repository holds, in plain words, the most useful first."""
from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from daybook.problem import printable
from daybook.writers import governance_screen

_WIDTH, _LINES, _PLACES = 118, 40, 4
_HABITS = {'merges': 'pull requests by merge commits ({} % of them)', 'squashes': 'squashed pull requests ({} %)',
           'pushes': 'straight pushes ({} %)', 'none': 'no commit yet'}
_OTHERS = {'adr': 'decision', 'plan': 'plan', 'learning': 'learning', 'workstream': 'workstream'}


def _cut(text: str, width: int = _WIDTH) -> str:
    shown = printable(text)
    return shown if len(shown) <= width else shown[:width - 1] + '…'


def _path(path: str, width: int = 44) -> str:
    """Return a path whose end, which says most, is kept when it is long."""
    shown = printable(path)
    return shown if len(shown) <= width else '…' + shown[1 - width:]


def _count(number: int, one: str, many: str | None = None) -> str:
    return f'{number:,} {one if number == 1 else many or one + "s"}'


def _some(items: Sequence[str], limit: int, room: int = _WIDTH - 12) -> str:
    """Return the first `limit` items, fewer where they would be wider than `room`, and how many there are besides."""
    for shown in range(min(limit, len(items)), 0, -1):
        rest = len(items) - shown
        text = ', '.join([*map(printable, items[:shown]), *([f'{rest:,} more'] if rest else [])])
        if len(text) <= room:
            break
    return text if items else ''


def _line(label: str, text: str) -> list[str]:
    return [_cut(f'{label:<12}{text}')] if text else []


def _list(label: str, rows: Sequence[str]) -> list[str]:
    return [_cut(f'{label if not number else "":<12}{row}') for number, row in enumerate(rows)]


def _repository(report: Mapping[str, Any]) -> list[str]:
    repository, markdown = report['repository'], report['markdown']
    branch = repository['branch'] or 'detached HEAD'
    default = repository['default_branch']
    is_other = default and default.rpartition('/')[2] != branch.rpartition('/')[2]
    where = f'branch {branch}' + (f', default {default}' if is_other else '')
    files = f'{_count(markdown["files"], "Markdown file")} among {repository["tracked"]:,} tracked'
    if repository['commits_read']:
        read = _count(repository['commits_read'], 'commit' if repository['are_all_commits'] else 'newest commit')
        people = _count(len(report['people']), 'person', 'people')
        habit = f'{read} by {people}, {_HABITS[repository["habit"]].format(repository["habit_percent"])}'
    else:
        habit = 'no commit yet'
    return [_cut(f'{repository["name"]}: {files}; {where}'),
            *_line('', habit + ('; shallow clone' if repository['is_shallow'] else ''))]


def _habit_names(place: Mapping[str, Any], room: int) -> str:
    habits = [name for name in place['names'] if name['count'] > 1][:2] or place['names'][:1]
    shown = ['free names' if name['shape'] == 'topic.md' else name['shape'] for name in habits]
    words = [f'{shape} ×{name["count"]:,}' if name['count'] > 1 else shape for shape, name in zip(shown, habits)]
    if sum(map(len, words)) > room:
        habits, words = habits[:1], words[:1]
    rest = place['files'] - sum(name['count'] for name in habits)
    return ', '.join([*words, *([f'{rest:,} other{"s" * (rest > 1)}'] if rest else [])])


def _place(place: Mapping[str, Any]) -> str:
    notes = ['archive'] * place['is_archive'] + ['IGNORED by git'] * place['is_ignored']
    folder = _path(place['folder'], 40) + '/' if place['folder'] else 'root'
    start = f'{place["files"]:>5,}  {folder}  ' + ''.join(f'({note})  ' for note in notes)
    return start + _habit_names(place, _WIDTH - 26 - len(start))


def _notes(report: Mapping[str, Any]) -> list[str]:
    notes = report['notes']
    if not notes['count'] and not notes['rolling']:
        return _line('notes', 'none found; new ones would go to ' + report['hooks']['handoff']['folder'] + '/')
    places = [*notes['places'], *notes['loose']]
    rows = [_place(place) for place in places[:_PLACES]]
    if len(places) > _PLACES:
        rest = places[_PLACES:]
        rows.append(f'{sum(place["files"] for place in rest):>5,}  in {_count(len(rest), "more place")}')
    if notes['not_markdown']:
        are = 'file beside them is' if notes['not_markdown'] == 1 else 'files beside them are'
        rows.append(f'{notes["not_markdown"]:>5,}  {are} no Markdown: left alone')
    return [*_list('notes', rows), *_rolling(notes), *_headers(notes), *_sections(notes)]


def _rolling(notes: Mapping[str, Any]) -> list[str]:
    files = [_path(file['path']) + (f' ({file["changes"]} of the newest commits)' if file['changes'] > 7 else '')
             for file in notes['rolling']]
    rollups = [f'{_path(file["path"])} ({file["entries"]} entries)' for file in notes['rollups']]
    return _line('rolling', _some(files, 2)) + _line('rollups', _some(rollups, 2))


def _headers(notes: Mapping[str, Any]) -> list[str]:
    shown = []
    for header in notes['headers'][:3]:
        keys = f' ({", ".join(list(header["keys"])[:5])})' if header['keys'] else ''
        shown.append(f'{header["style"]} ×{header["count"]:,}{keys}')
    return _line('headers', _some(shown, 3))


def _sections(notes: Mapping[str, Any]) -> list[str]:
    shown = [f'{_cut(section["title"], 30)} ×{section["count"]:,}' for section in notes['sections']
             if section['count'] > 2]
    while len(', '.join(shown[:5])) > _WIDTH - 12:
        shown.pop()
    return _line('sections', ', '.join(shown[:5]))


def _indexes(report: Mapping[str, Any]) -> list[str]:
    shown = [f'{_path(index["path"], 38)} names {index["lists"]:,} of {index["of"]:,}'
             + (' (generated by Daybook)' if index['is_generated'] else '') for index in report['indexes']]
    by_hand = sum(not index['is_generated'] for index in report['indexes'])
    return _line('indexes', _some(shown, 2, 86) + (', by hand' if by_hand else '') if shown else '')


def _others(report: Mapping[str, Any]) -> list[str]:
    shown = []
    for kind, places in sorted(report['others'].items()):
        first = places[0]['folder'] + '/'
        more = f' and {len(places) - 1} more' if len(places) > 1 else ''
        shown.append(f'{_count(sum(place["files"] for place in places), _OTHERS[kind])} in {_path(first)}{more}')
    twice = report['problems']['decision_numbers']['count']
    return _line('also', '; '.join(shown) + (f'; {_count(twice, "decision number")} used twice' if twice else '')
                 + ('; MADR' if report['is_madr'] else ''))


def _left_alone(report: Mapping[str, Any]) -> list[str]:
    seen: dict[str, list[str]] = {}
    for item in report['left_alone']:
        seen.setdefault(item['format'], []).append(item['place'])
    return _line('left alone', _some([f'{name} ({_some(places, 1)})' for name, places in seen.items()], 5))


def _agents(report: Mapping[str, Any]) -> list[str]:
    agents = report['agents']
    parts = [_some(agents['agents'], 3), _some([_path(path) for path in agents['instructions']], 2)]
    if agents['is_claude_ignored']:
        parts.append('.claude/ is ignored by git')
    rows = ['; '.join(part for part in parts if part)] if any(parts) else []
    if agents['handoff_commands']:
        names = [f'/{name}' for name in dict.fromkeys(agents['handoff_commands'].values())]
        rows.append('hand-off and resume of your own stay: ' + _some(names, 4, 66))
    if agents['servers']:
        rows.append('servers: ' + _some(agents['servers'], 6, 90))
    return _list('agents', rows)


def _runner(report: Mapping[str, Any]) -> list[str]:
    runner = report['runner']
    parts = [_some(runner['configured'], 3)]
    if runner['hooks_path']:
        parts.append(f'core.hooksPath is {runner["hooks_path"]}: `pre-commit install` refuses')
    if runner['installed']:
        parts.append('installed: ' + _some(runner['installed'], 4))
    if runner['commit_policies']:
        parts.append('commit messages ruled by ' + runner['commit_policies'][0])
    return _line('git hooks', '; '.join(part for part in parts if part) or 'none')


def _people(report: Mapping[str, Any]) -> list[str]:
    shown = [f'{person["name"]} ×{person["commits"]:,}' for person in report['people']]
    return _line('people', _some(shown, 3) if len(shown) > 1 else '')


def _links(problems: Mapping[str, Any]) -> list[str]:
    dead = problems['dead_links']
    if not dead['count']:
        return []
    first = dead['first'][0]
    where = f' ({dead["in_notes"]:,} in notes)' if dead['in_notes'] else ''
    return [f'{_count(dead["count"], "dead relative link")} in {_count(dead["files"], "file")}{where}, such as',
            f'  {_path(first["path"], 56)}:{first["line"]} → {_path(first["target"], 40)}']


def _findings(report: Mapping[str, Any]) -> list[str]:
    """Return one row for each kind of finding that there is, the gravest first."""
    problems, repository = report['problems'], report['repository']
    rows = []
    if report['settings']['error']:
        rows.append('settings cannot be read: ' + report['settings']['error'].replace('\n', ' '))
    rows += _links(problems)
    table = (
        ('absolute_path_links', 'to absolute local paths'), ('outside_links', 'out of the repository'),
        ('line_number_links', 'with `:12` behind the file'), ('site_route_links', 'to routes of a site'),
        ('letter_case_links', 'wrong in upper and lower case'),
    )
    links = [f'{problems[key]["count"]:,} {words}' for key, words in table if problems[key]['count']]
    rows += ['links ' + _some(links, 5)] if links else []
    if problems['wikilinks']['count']:
        wiki = problems['wikilinks']
        rows.append(f'{_count(wiki["count"], "wikilink")}, {wiki["lost"]:,} of them to no file here')
    for broken in problems['broken_frontmatter']['first'][:1]:
        files = _count(problems['broken_frontmatter']['count'], 'file')
        rows.append(f'{files} with frontmatter that cannot be read, such as {_path(broken["path"])}:{broken["line"]}')
    if problems['list_headers']['count']:
        files = _count(problems['list_headers']['count'], 'file')
        first = _path(problems['list_headers']['first'][0])
        rows.append(f'{files} with a list of one-key maps for a header, such as {first}')
    for key, words in (('duplicate_ids', ('id',)), ('duplicate_names', ('name of a note', 'names of notes'))):
        for found in problems[key]['first'][:1]:
            count = problems[key]['count']
            paths = found['paths']
            rows.append(f'{_count(count, *words)} used twice, such as {_path(paths[0], 50)} ({len(paths)} files)')
    rows += governance_screen.findings(report['governance'])
    small = [f'{problems[key]["count"]:,} {words}' for key, words in (
        ('crlf', 'with CRLF'), ('not_utf8', 'not UTF-8'), ('large', 'over 300 kB'), ('empty', 'empty'),
        ('copies', 'named like copies (` 2.md`)'),
        ('same_but_for_case', 'named alike but for upper and lower case'),
        ('local_paths', 'naming absolute local paths')) if problems[key]['count']]
    rows += ['files: ' + ', '.join(small)] if small else []
    if repository['dirty']['count']:
        dirty = repository['dirty']
        rows.append(f'{_count(dirty["count"], "tracked file")} changed and not committed, such as '
                    f'{_path(dirty["first"][0])}')
    return _list('look at', rows)


def _would_index(index: Mapping[str, Any]) -> str:
    if index['when'] == 'never':
        return 'nothing: `indexes.when` is never'
    where = ' on the default branch' if index['when'] == 'default-branch' else ''
    parts = [f'would write {index["write"]:,} INDEX.md{where}' if index['write'] else 'no INDEX.md to add']
    if index['keep']:
        parts.append(f'keeps {index["keep"]:,}')
    if index['left_alone']:
        parts.append('left alone: ' + _some([_path(path, 36) for path in index['left_alone']], 1))
    return '; '.join(parts)


def _would_validate(valid: Mapping[str, Any], outside: int) -> str:
    table = (('fits', 'fit'), ('lacks_keys', 'do not fit'), ('broken', 'unreadable'),
             ('convertible', 'with a list for a header'), ('without', 'without frontmatter'))
    states = ', '.join(f'{valid[key]:,} {words}' for key, words in table if valid[key])
    start = f'{_count(valid["documents"], "document")}: {states}' if valid['documents'] else 'no document'
    return f'{start}; {outside:,} outside'


def _would_fill(fill: Mapping[str, Any]) -> str:
    parts = [f'would add a header to {_count(fill["add"], "document")}'] if fill['add'] else []
    if fill['keys']:
        parts.append(f'would add keys to {fill["keys"]:,}' + ('' if fill['add'] else f' document{"s" * (fill["keys"] > 1)}'))
    if fill['convertible']:
        parts.append(f'would convert {fill["convertible"]:,} when asked')
    if fill['refused']:
        parts.append(f'{fill["refused"]:,} left to you')
    return '; '.join(parts) or 'nothing to add'


def _would(report: Mapping[str, Any]) -> list[str]:
    hooks = report['hooks']
    links = hooks['audit-links']
    dead = f'would report {_count(links["dead"], "dead link")} in {_count(links["files"], "file")}'
    rows = (
        ('validate-frontmatter', _would_validate(hooks['validate-frontmatter'], report['markdown']['outside'])),
        ('regen-indexes', _would_index(hooks['regen-indexes'])),
        ('audit-links', dead if links['dead'] else 'no dead link'),
        ('backfill-frontmatter', _would_fill(hooks['backfill-frontmatter'])),
        *governance_screen.hooks(hooks),
        ('handoff', f'would write notes to {hooks["handoff"]["folder"]}/ and commit those paths only'),
    )
    return ['', 'what each hook would do here', *(_cut(f'  {name:<22}{text}') for name, text in rows)]


def render(report: Mapping[str, Any]) -> list[str]:
    """Return the lines of the screen for the findings of `daybook.adoption.survey.look`.

    At most forty, and none with a control character of a file's name.
    """
    body = [*_notes(report), *_indexes(report), *_others(report), *_left_alone(report), *_agents(report),
            *_runner(report), *_people(report)]
    end = [*_would(report), '', _cut('not looked at: ' + '; '.join(report['not_looked_at'])),
           'nothing was written; next: ' + report['next']]
    start = [*_repository(report), '', *body]
    findings = _findings(report)
    room = _LINES - len(start) - len(end) - 1
    if len(findings) > room:
        findings = [*findings[:room - 1], f'{"":<12}and more: DAYBOOK_FORMAT=json daybook inventory']
    return [*start, *([''] if findings else []), *findings, *end]
