"""What the first screen says that somebody should look at, the gravest first."""
from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from daybook.writers import governance_screen
from daybook.writers.screen_lines import counted
from daybook.writers.screen_lines import labelled
from daybook.writers.screen_lines import shortened
from daybook.writers.screen_lines import some


_WRONG_LINKS = (
    ('absolute_path_links', 'to absolute local paths'), ('outside_links', 'out of the repository'),
    ('line_number_links', 'with `:12` behind the file'), ('site_route_links', 'to routes of a site'),
    ('letter_case_links', 'wrong in upper and lower case'),
)
_ODD_FILES = (
    ('crlf', 'with CRLF'), ('not_utf8', 'not UTF-8'), ('large', 'over 300 kB'), ('empty', 'empty'),
    ('copies', 'named like copies (` 2.md`)'), ('same_but_for_case', 'named alike but for upper and lower case'),
    ('local_paths', 'naming absolute local paths'),
)


def _counts(problems: Mapping[str, Any], table: Sequence[tuple[str, str]]) -> list[str]:
    return [f'{problems[key]["count"]:,} {words}' for key, words in table if problems[key]['count']]


def _dead_links(dead: Mapping[str, Any]) -> list[str]:
    if not dead['count']:
        return []
    first = dead['first'][0]
    where = f' ({dead["in_notes"]:,} in notes)' if dead['in_notes'] else ''
    return [f'{counted(dead["count"], "dead relative link")} in {counted(dead["files"], "file")}{where}, such as',
            f'  {shortened(first["path"], 56)}:{first["line"]} → {shortened(first["target"], 40)}']


def _links(problems: Mapping[str, Any]) -> list[str]:
    rows = _dead_links(problems['dead_links'])
    wrong = _counts(problems, _WRONG_LINKS)
    rows += ['links ' + some(wrong, 5)] if wrong else []
    wiki = problems['wikilinks']
    if wiki['count']:
        rows.append(f'{counted(wiki["count"], "wikilink")}, {wiki["lost"]:,} of them to no file here')
    return rows


def _headers(problems: Mapping[str, Any]) -> list[str]:
    rows = []
    broken, listed = problems['broken_frontmatter'], problems['list_headers']
    for first in broken['first'][:1]:
        rows.append(f'{counted(broken["count"], "file")} with frontmatter that cannot be read, such as {shortened(first["path"])}:{first["line"]}')
    if listed['count']:
        rows.append(f'{counted(listed["count"], "file")} with a list of one-key maps for a header, such as {shortened(listed["first"][0])}')
    return rows


def _used_twice(problems: Mapping[str, Any]) -> list[str]:
    return [f'{counted(problems[key]["count"], *words)} used twice, such as {shortened(first["paths"][0], 50)} ({len(first["paths"])} files)'
            for key, words in (('duplicate_ids', ('id',)), ('duplicate_names', ('name of a note', 'names of notes')))
            for first in problems[key]['first'][:1]]


def _files(problems: Mapping[str, Any], dirty: Mapping[str, Any]) -> list[str]:
    odd = _counts(problems, _ODD_FILES)
    rows = ['files: ' + ', '.join(odd)] if odd else []
    if dirty['count']:
        rows.append(f'{counted(dirty["count"], "tracked file")} changed and not committed, such as {shortened(dirty["first"][0])}')
    return rows


def lines(report: Mapping[str, Any]) -> list[str]:
    """Return a line for each kind of finding that there is."""
    problems, error = report['problems'], report['settings']['error']
    settings = ['settings cannot be read: ' + error.replace('\n', ' ')] if error else []
    return labelled('look at', *settings, *_links(problems), *_headers(problems), *_used_twice(problems),
                    *governance_screen.findings(report['governance']), *_files(problems, report['repository']['dirty']))
