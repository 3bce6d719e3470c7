"""The CI workflow that `init` writes: every hook on pushes, a strict run each week, the indexes where a job keeps them."""
from __future__ import annotations

import json
from collections.abc import Collection

PATH = '.github/workflows/daybook.yml'
_CHECK = 'check-all'
# what a scheduled run asks beyond that: past every time of grace, and of every day that is due
_STRICT = (('validate-frontmatter', ' --as-of 9999-12-31'), ('check-freshness', ' --strict'))
_HEAD = """\
# The gate that nobody can skip: merges, rebases and --no-verify pass local hooks by.
# Written by `daybook init`; `daybook init --upgrade` renews it while it is unchanged.
name: daybook
on:
  push:
  pull_request:
  schedule:
    - cron: "23 4 * * 1"
  workflow_dispatch:
permissions:
  contents: read
jobs:
"""
_JOB = """\
  {name}:
    if: {condition}
    runs-on: ubuntu-latest
{more}    steps:
      - uses: actions/checkout@v4
        with:
          fetch-depth: 0
      - uses: actions/setup-python@v5
        with:
          python-version: "3.12"
      - run: python -m pip install {requirement}
{runs}"""
_MAY_WRITE = """\
    permissions:
      contents: write
    concurrency: daybook-indexes
"""
_INDEXES = """\
      - name: regenerate the indexes
        run: |
          # 1 tells of rewritten files, and of settings that cannot be read: only then is the second run red, too
          daybook regen-indexes --force || ([ $? -eq 1 ] && daybook regen-indexes --force)
          git add --update  # the overview, where there is one
          git add -- ':(glob)**/INDEX.md'
          git diff --cached --quiet && exit 0
          git config user.name 'github-actions[bot]'
          git config user.email '41898282+github-actions[bot]@users.noreply.github.com'
          git commit -m 'docs: regenerate indexes'
          git push
"""
_INDEX_COMMANDS = """\
# and in a job of its own, on the default branch alone, that may push:
daybook regen-indexes --force || ([ $? -eq 1 ] && daybook regen-indexes --force)
git add --update
git add -- ':(glob)**/INDEX.md'
git diff --cached --quiet || (git commit -m 'docs: regenerate indexes' && git push)
"""


def _requirement(url: str, rev: str) -> str:
    place = url if '://' in url or url.startswith('git@') else f'file://{url}'
    name = '' if place.startswith('file:///') else 'git-daybook @ '  # older pip takes none before an address without a host
    return json.dumps(f'{name}git+{place}@{rev}', ensure_ascii=False)


def _job(name: str, condition: str, runs: list[str], *, more: str = '', requirement: str) -> str:
    return _JOB.format(name=name, condition=condition, more=more, requirement=requirement, runs=''.join(runs))


def _run(command: str) -> str:
    # the others still tell what they found
    return f'      - run: {command}\n        if: success() || failure()\n'


def workflow(url: str, rev: str, *, indexes_when: str, hook_ids: Collection[str], is_audited: bool = False) -> str:
    """Return a workflow for GitHub Actions. `hook_ids` are the hooks that this version has.

    `is_audited`: there are counters or a mirror whose silence only an audit tells.
    """
    strict = [f'daybook {name}{words}' for name, words in _STRICT if name in hook_ids]
    strict += ['daybook audit'] if is_audited else []
    requirement = _requirement(url, rev)
    jobs = [
        _job('checks', "github.event_name != 'schedule'", [_run(f'daybook {_CHECK}')],
             requirement=requirement),
        _job('strict', "github.event_name == 'schedule' || github.event_name == 'workflow_dispatch'",
             [_run(command) for command in (f'daybook {_CHECK}', *strict)], requirement=requirement),
    ]
    if indexes_when == 'default-branch':
        condition = "github.event_name == 'push' && github.ref_name == github.event.repository.default_branch"
        jobs.append(_job('indexes', condition, [_INDEXES], more=_MAY_WRITE, requirement=requirement))
    return _HEAD + '\n'.join(jobs)


def commands(url: str, rev: str, *, indexes_when: str) -> str:
    """Return the same checks, and the job that keeps the indexes, as lines for another host's CI."""
    more = _INDEX_COMMANDS if indexes_when == 'default-branch' else ''
    return f'pip install {_requirement(url, rev)}\ndaybook {_CHECK}\n{more}'
