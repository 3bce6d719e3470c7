"""The pages of `docs/conventions/`: what people and agents look up when they write documents by hand."""
from __future__ import annotations

from collections.abc import Iterable

from daybook.documents.kinds import Kind

_FRONTMATTER = """\
# Frontmatter

Every document begins with YAML between two `---` lines. `daybook validate-frontmatter` checks it, and its schemas are
the contract; this page is for people. Unknown keys are allowed everywhere. {changes}

## Kinds

| kind | files | sections, in order |
| --- | --- | --- |
{kinds}

`README`, `INDEX`, `TEMPLATE` and names that begin with `_` are never documents.

## Keys

What a reader needs comes first, so that a phone shows it; what code writes comes last.

| key | who writes it | meaning |
| --- | --- | --- |
| `title` | people | one line |
| `operator` | hand-off | for whom the agent acted; other kinds have `owner` |
| `summary` | people | one or two sentences |
| `workstream` | people | file names without `.md`, one or a list |
| `tags` | people | a few words |
| `kind` | hand-off | the kind above |
| `id` | claim | of notes: initials, day, number; it is the file name too |
| `external_id` | back-fill | what a mirror knows the document by; made of the file name |
| `priority`, `blocked_by` | people | of workstreams |
| `status` | people | such as `active`, `done`, `superseded` |
| `created`, `updated`, `claimed_at` | code | days or moments, as ISO 8601 |
| `branch`, `base`, `head` | hand-off | where the work was done; evidence, never checked for reachability |
| `started_at`, `ended_at`, `first_commit_at`, `last_commit_at` | hand-off | of the session |
| `active_min_estimate`, `handoff_write_min`, `interruptions_count` | hand-off | minutes and counts; `null` when unknown |
| `commits`, `lines_added`, `lines_removed` | hand-off | from git |
| `tool_calls_count`, `tool_calls_breakdown`, `tool_calls_breakdown_methods` | hand-off | from telemetry |
| `subagents_dispatched`, `parallel_terminals_observed` | hand-off | from telemetry |
| `telemetry` | hand-off | `observed`, `partial` or `absent` |
| `legacy_notes` | back-fill | old headers that fit nowhere else |
| `notion_page_id`, `content_hash`, `last_synced`, `sync_status`, `sync_error` | mirror | see [sync](./sync.md) |

Facts are computed, never guessed: an agent writes the text, code writes the numbers.
"""
_RENDERING = """\
# Rendering

`daybook render-docs` writes a page for every document and a home page with filters, a search, a calendar and a graph.
They are plain files, open without a server, and ask no other host.

- Pages lie in `docs/rendered/` and are not tracked, so they may show history from git. With `render.tracked: true` they
  are committed and depend on the tree alone.
- Only documents whose zone is allowed get a page: `public` < `internal` < `private` < `restricted`, up to
  `render.zone`. A document without a zone has `render.default_zone`.
- Links are the relative ones of the sources. Headings get the anchors that the git host gives them, so a link that
  `daybook audit-links` accepts works on the host and on the page.
- Raw HTML in a document is sanitised.
"""
_OBSIDIAN = """\
# Obsidian

The root of the repository opens as a vault. Its baseline in `.obsidian/` is shared; panes, caches and plug-ins are one
person's and are ignored by git.

- Links are relative Markdown links, `[Display](./file.md)`; wikilinks are rejected in documents.
  `daybook audit-links --fix` rewrites those whose target is the only one of that name.
- Frontmatter stays flat: texts, numbers and lists of texts. One key has one type in the whole vault;
  `.obsidian/types.json` says which.
- Community plug-ins are not shared: their settings may hold secrets.
- Do not keep a second vault inside this one, and do not keep the repository in a synchronised folder such as iCloud.
"""
_SYNC = """\
# Sync

The repository is the only store. A mirror, Notion first, is a downstream copy: written one way, out of band, never read
by hand-off or resume, and never the place to edit.

| `sync_status` | meaning | who sets it |
| --- | --- | --- |
| `pending` | changed since it was mirrored, or never mirrored | hand-off, back-fill |
| `synced` | the mirror shows `content_hash` | the mirror's job |
| `error` | it failed; `sync_error` says why | the mirror's job |
| `manual_override` | a person keeps the mirror's page; the job leaves it alone | a person, and only a person |

- `content_hash` is the SHA-256 of the body, line ends as LF. A stale one is no error at a commit: the job renews it.
- `external_id` comes from the file name, so a page is found again and never made twice.
- The job writes its log to `docs/sync/LAST_SYNC.md`.
"""
_CHANGES = """\
# Changes of the frontmatter contract

Newest first. A change of keys, kinds or sections gets a line here and, where documents must follow, the command that
brings them along.

## Adopted

- The kinds, keys and sections of [frontmatter](./frontmatter.md), as `daybook init` wrote them.
"""


def _row(kind: Kind) -> str:
    paths = ', '.join(f'`{path}`' for path in kind.paths) or 'none until the settings name them'
    return f'| `{kind.name}` | {paths} | {", ".join(kind.sections) or "free"} |'.replace('\\', '\\\\')


def pages(kinds: Iterable[Kind]) -> dict[str, str]:
    """Return the pages by name, for a repository with these kinds."""
    changes = 'What changed in it, and when, is in [the changes](./frontmatter-changelog.md).'
    rows = '\n'.join(_row(kind) for kind in kinds)
    return {
        'frontmatter': _FRONTMATTER.format(kinds=rows, changes=changes),
        'rendering': _RENDERING,
        'obsidian': _OBSIDIAN,
        'sync': _SYNC,
        'frontmatter-changelog': _CHANGES,
    }
