"""The CI workflow that keeps the mirror up to date: one run at a time, gone on with by the next."""
from __future__ import annotations

import json

from daybook.writers import calls

PATH = '.github/workflows/sync-notion.yml'
ATTRIBUTES = 'docs/sync/LAST_SYNC.md merge=union'  # every line of the log is whole by itself

# A schedule of its own beside push: pages edited by hand come back, and what a run did not finish is finished.
# Its minute is not 0, when hosts are busy. The host ends schedules of repositories that are idle for sixty days;
# mirror.max_age makes an audit say so.
_TEXT = """\
# written by daybook init: the one-way mirror; the secret NOTION_TOKEN and the variable NOTION_DATA_SOURCE are yours to set
name: sync-notion
on:
  push:
    branches: [{branch}]
  schedule:
    - cron: '23 */6 * * *'
  workflow_dispatch:
concurrency:
  group: sync-notion
  cancel-in-progress: false
permissions:
  contents: write
jobs:
  sync:
    runs-on: ubuntu-latest
    timeout-minutes: 60
    steps:
      - uses: actions/checkout@v4
        with:
          ref: {branch}
          fetch-depth: 0
      - uses: actions/setup-python@v5
        with:
          python-version: '3.12'
      - uses: actions/cache@v4
        with:
          path: .git/daybook
          key: sync-notion-${{{{ github.run_id }}}}
          restore-keys: sync-notion-
      - run: python -m pip install {requirement}
      - run: |
          git config user.name sync-notion
          git config user.email sync-notion@users.noreply.github.com
      - run: daybook sync-notion --apply --commit
        env:
          NOTION_TOKEN: ${{{{ secrets.NOTION_TOKEN }}}}
          NOTION_DATA_SOURCE: ${{{{ vars.NOTION_DATA_SOURCE }}}}
      - if: always()
        run: |
          for _ in 1 2 3 4 5; do
            git push origin HEAD:{quoted} && exit 0
            git pull --rebase origin {quoted}
          done
          exit 1
"""


def workflow(branch: str, url: str, rev: str) -> str:
    """Return the workflow for the default branch `branch`, with Daybook from `url` at `rev`."""
    requirement = calls.requirement('mirror', url, rev)
    quoted = "'" + branch.replace("'", "'\\''") + "'"
    return _TEXT.format(branch=json.dumps(branch), quoted=quoted, requirement=requirement)
