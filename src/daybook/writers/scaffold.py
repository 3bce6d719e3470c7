"""The plan of `init`: from what stands in a repository to the files that adopting Daybook adds or extends."""
from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from daybook.errors import FatalError
from daybook.writers import calls
from daybook.writers import scaffold_agents
from daybook.writers import scaffold_edits
from daybook.writers import scaffold_governance
from daybook.writers import scaffold_pages
from daybook.writers import scaffold_prek
from daybook.writers import scaffold_runners
from daybook.writers import scaffold_texts as texts
from daybook.writers import sync_workflow
from daybook.writers.scaffold_step import ATTRIBUTES
from daybook.writers.scaffold_step import CONFIG
from daybook.writers.scaffold_step import HOOKS
from daybook.writers.scaffold_step import IGNORE
from daybook.writers.scaffold_step import OPERATORS
from daybook.writers.scaffold_step import PREK
from daybook.writers.scaffold_step import Found
from daybook.writers.scaffold_step import Place
from daybook.writers.scaffold_step import Step
from daybook.writers.scaffold_step import Wanted
from daybook.writers.scaffold_step import created
from daybook.writers.scaffold_step import extended

STATE_LINE, RENDERED_LINE = '.daybook/state/', 'docs/rendered/'
# what can be asked for beside what the repository shows to be in use, and whether `--profile full` does
EXTRAS = {
    'agents': True, 'claude': False, 'codex': False, 'commands': False, 'telemetry': False, 'telemetry-all': True,
    'wrappers': True, 'render': True, 'governance': True, 'action-log': False, 'mirror': True, 'ci': True, 'templates': True,
    'conventions': True, 'obsidian': True,
}
PROFILES: dict[str, frozenset[str]] = {
    'small': frozenset(), 'full': frozenset(name for name, is_full in EXTRAS.items() if is_full)}


def _config(found: Found, wanted: Wanted) -> Iterator[Step]:
    settings = scaffold_governance.settings(found, wanted)
    note = 'settings: ' + (', '.join(settings) or 'the defaults')
    yield _told(created(found, CONFIG, note, texts.config(settings).encode()))


def _told(step: Step) -> Step:
    """Return the step with what a new file says, but for its comments, to be shown."""
    lines = step.content.decode().splitlines() if step.content and step.action == 'create' else []
    return step._replace(text=''.join(f'{line}\n' for line in lines if line.strip() and not line.lstrip().startswith('#')))


def _operators(found: Found, wanted: Wanted) -> Iterator[Step]:
    if found.places[OPERATORS].data is not None:
        yield Step('keep', OPERATORS, 'it is there; not touched')
    elif found.operators:
        people = ', '.join(f'{slug} ({who["initials"]})' for slug, who in found.operators.items())
        yield _told(created(found, OPERATORS, f'{people}; correct it if it is wrong',
                            texts.operators(found.operators).encode()))


def _lines(path: str, lines: Sequence[str], found: Found) -> Step:
    place = found.places[path]
    missing = scaffold_edits.missing_lines(place.data or b'', lines)
    text = ''.join(f'{line}\n' for line in missing)
    if not missing:
        return Step('keep', path, 'our lines stand there')
    if place.data is None and not place.obstacle:
        return Step('create', path, ', '.join(missing), text.encode(), is_shared=True)
    return extended(place, path, f'{len(missing)} more', text, lambda data: scaffold_edits.append(data, text))


def _git_files(found: Found, wanted: Wanted) -> Iterator[Step]:
    ignored = [STATE_LINE]
    if 'render' in wanted.extras:
        ignored.append(RENDERED_LINE)
    if 'obsidian' in wanted.extras:
        ignored += scaffold_pages.OBSIDIAN_IGNORED
    yield _lines(IGNORE, ignored, found)
    patterns = [f'{folder}/**/INDEX.md' for folder in found.index_folders]
    # a pattern without a slash would reach files of that name in every folder
    patterns += [path if '/' in path else f'/{path}' for path in found.line_files]
    merged = [f'"{pattern}" merge=union' if ' ' in pattern else f'{pattern} merge=union' for pattern in patterns]
    if 'mirror' in wanted.extras:
        merged.append(sync_workflow.ATTRIBUTES)
    merged += scaffold_governance.attributes(found, wanted)
    if merged:
        yield _lines(ATTRIBUTES, merged, found)


def sourced(found: Found, wanted: Wanted, tag: str) -> Wanted:
    """Return what is wanted with where the hooks come from: as asked, else as the entry here has it, else from us at `tag`."""
    entry = next(filter(None, (_source(path, found.places[path].data or b'', wanted.url) for path in found.hooks_files)), {})
    url = wanted.url or str(entry.get('repo') or calls.URL)
    kept = str(entry.get('rev') or '') if url == entry.get('repo') and url != calls.URL else ''
    return wanted._replace(url=url, rev=wanted.rev or kept or tag)


def _source(path: str, data: bytes, url: str) -> Mapping[str, Any]:
    """Return our entry in a configuration of hooks, an empty one where there is none."""
    try:
        ours = _our_entry(path, data, url)
        return _read(path, data)['repos'][ours[0]] if ours else {}
    except FatalError:  # a person adds ours to what cannot be read
        return {}


def _read(path: str, data: bytes) -> dict[str, Any]:
    return scaffold_prek.read(data) if path == PREK else scaffold_edits.read_yaml(data)


def _our_entry(path: str, data: bytes, url: str) -> tuple[int, list[str]] | None:
    """Return place and ids of our entry in a configuration of hooks, or None when it has none."""
    entries = _read(path, data).get('repos')
    for number, entry in enumerate(entries if isinstance(entries, list) else []):
        hooks = entry.get('hooks') if isinstance(entry, dict) else None
        ids = [str(hook.get('id')) for hook in hooks if isinstance(hook, dict)] if isinstance(hooks, list) else []
        if ids and (entry.get('repo') == url or 'claim-session' in ids):
            return number, ids
    return None


def hook_ids(found: Found, wanted: Wanted) -> list[str]:
    """Return the ids of our hooks that the entry names, in the order in which they run."""
    asked = [hook_id for name in EXTRAS if name in wanted.extras for hook_id in texts.HOOKS_OF.get(name, ())]
    known = [hook_id for hook_id in dict.fromkeys([*texts.HOOK_IDS, *asked]) if hook_id in found.hook_ids]
    return sorted(known, key=lambda hook_id: hook_id in texts.MANUAL_IDS)


def _hooks(found: Found, wanted: Wanted) -> Iterator[Step]:
    ids = hook_ids(found, wanted)
    for path in found.hooks_files:
        yield _hooks_step(path, found.places[path], wanted, ids)
    if found.calls_through:
        yield _other_runner(found)
    elif not found.hooks_files:
        yield created(found, HOOKS, f'{len(ids)} hooks of {wanted.url} at {wanted.rev}',
                      texts.hooks_config(wanted.url, wanted.rev, ids).encode(), is_shared=True)


def _other_runner(found: Found) -> Step:
    """Return the step that puts our check into the file of the runner that is there, or asks a person to."""
    text, path = scaffold_runners.RUN + '\n', found.runner_file
    if not path:
        return Step('by hand', found.runner, 'it runs your git hooks; add this to its pre-commit', None, text)
    if b'daybook check-all' in (found.places[path].data or b''):
        return Step('keep', path, 'our check is there')
    return extended(found.places[path], path, f'our check, in what {found.runner} runs', text,
                    scaffold_runners.EDITS[found.runner])


def _hooks_step(path: str, place: Place, wanted: Wanted, ids: list[str]) -> Step:
    entry, add_hooks = texts.hooks_entry(wanted.url, wanted.rev, ids), scaffold_edits.add_hooks
    if path == PREK:
        entry, add_hooks = scaffold_prek.entry(place.data or b'', wanted.url, wanted.rev, ids), scaffold_prek.add_hooks
    try:
        ours = _our_entry(path, place.data or b'', wanted.url)
    except FatalError as error:
        return Step('by hand', path, f'{error}; add this yourself', None, entry)
    if ours is None:
        return extended(place, path, 'one more entry, the last of its `repos`', entry,
                        lambda data: scaffold_prek.add_entry(data, entry) if path == PREK else scaffold_edits.add_to_list(data, 'repos', entry))
    number, present = ours
    missing = [hook_id for hook_id in ids if hook_id not in present]
    asked = [hook_id for hook_id in missing if hook_id not in texts.HOOK_IDS]
    if asked:  # those of a plain run were taken out by somebody, or are of a later version
        lines = scaffold_prek.items(asked) if path == PREK else ''.join(f'- id: {name}\n' for name in asked)
        return extended(place, path, f'{", ".join(asked)} in our entry', lines,
                        lambda data: add_hooks(data, number, asked))
    without = f', without {", ".join(missing)}' if missing else ''
    return Step('keep', path, f'our entry is there{without}')


def plan(found: Found, wanted: Wanted) -> list[Step]:
    """Return the steps that adopt Daybook, in the order in which they are written; raises nothing."""
    builders = (_config, _operators, _git_files, _hooks, scaffold_agents.steps, scaffold_pages.steps,
                scaffold_governance.steps)
    return [step for build in builders for step in build(found, wanted)]
