"""What `init --with governance,action-log` puts into a repository stands its own checks, and is taken out again."""
from __future__ import annotations

import re
import shlex
import subprocess

import pytest

from conftest import Sandbox
from daybook.documents import config
from daybook.documents import document
from daybook.documents import frontmatter_yaml
from daybook.documents import schema
from daybook.rules import authority
from daybook.writers import overview_block
from daybook.writers import scaffold
from daybook.writers import scaffold_governance as governance
from governance import run
from scaffold_test import WANTED
from scaffold_test import actions
from scaffold_test import found

ASKED = frozenset(['governance', 'action-log'])
PATHS = {governance.AUTHORITY, governance.OVERVIEW, governance.ACTION_LOG, 'docs/adr/TEMPLATE.md', 'docs/adr/TEMPLATE.sync-policy.md'}


def planned(there: object, *extras: str) -> dict[str, scaffold.Step]:
    return {step.path: step for step in scaffold.plan(there, WANTED._replace(extras=frozenset(extras)))}  # type: ignore[arg-type]


def test_each_wish_brings_its_own_and_the_small_profile_none() -> None:
    assert not PATHS & planned(found()).keys()
    assert PATHS & planned(found(), 'action-log').keys() == {governance.ACTION_LOG}
    assert PATHS & planned(found(), 'governance').keys() == PATHS - {governance.ACTION_LOG}
    assert PATHS <= planned(found(), 'governance', 'action-log', 'templates').keys()
    assert 'logs/context_actions.csv merge=union' in planned(found(), 'action-log')['.gitattributes'].text + \
        (planned(found(), 'action-log')['.gitattributes'].content or b'').decode()
    named = found(action_log='logs/a.csv', line_files=('logs/a.csv',))
    assert (planned(named, 'action-log')['.gitattributes'].content or b'').splitlines()[1:] == [b'logs/a.csv merge=union']


def test_new_settings_name_them_beside_what_is_proposed() -> None:
    there = found(settings={'indexes': {'when': 'default-branch'}, 'handoff': {'push': 'own'}})
    settings = config.from_bytes(planned(there, *ASKED)['.daybook/config.yaml'].content)
    assert (settings.indexes_when, settings.indexes_overview) == ('default-branch', governance.OVERVIEW)
    assert (settings.handoff_push, settings.handoff_action_log) == ('own', governance.ACTION_LOG)


def test_settings_of_theirs_are_not_touched_and_told() -> None:
    there = found({'.daybook/config.yaml': b'{}\n'})
    step = planned(there, *ASKED)['.daybook/config.yaml']
    assert (step.action, step.text) == ('by hand', 'indexes:\n  overview: docs/OVERVIEW.md\nhandoff:\n  action_log: logs/context_actions.csv\n')
    named = found({'.daybook/config.yaml': b'{}\n'}, overview='OVERVIEW.md', action_log='a.csv', authority='sot/map.json')
    steps = planned(named, *ASKED)
    assert steps['.daybook/config.yaml'].action == 'keep' and {'OVERVIEW.md', 'a.csv'} <= steps.keys()
    assert governance.AUTHORITY not in steps and b'](./sot/map.json)' in (steps['OVERVIEW.md'].content or b'')
    assert b'](./docs/adr/TEMPLATE.sync-policy.md)' in (steps['OVERVIEW.md'].content or b'')


def test_files_of_theirs_are_not_touched() -> None:
    there = found(dict.fromkeys(PATHS, b'theirs'))
    assert {actions(list(planned(there, *ASKED).values()))[path] for path in PATHS} == {'keep'}


@pytest.mark.parametrize('entities', [{}, {'Task': 'Coda', 'x: y': 'GitHub', 'no': 'Coda', '"': "it's"}])
def test_the_map_fits_its_schema_and_its_stores(entities: dict[str, str]) -> None:
    text = (planned(found(entities=entities), 'governance')[governance.AUTHORITY].content or b'')
    given, error = frontmatter_yaml.read_yaml(text)
    assert error is None and schema.violations(schema.built_in('authority'), given) == []
    known = authority.of_mapping('m', given, {}, 'GitHub')
    assert {entity.name: entity.store for entity in known.entities.values()} == entities
    assert [p for p in authority.check(known, given, [], []) if p.rule != 'authority-unused'] == []


def test_the_templates_are_no_documents_and_a_copy_is_valid() -> None:
    steps = planned(found(), *ASKED)
    kind = config.DEFAULTS.kind('adr')
    for path in ('docs/adr/TEMPLATE.md', 'docs/adr/TEMPLATE.sync-policy.md'):
        assert config.kind_of(config.DEFAULTS, path) is None
    text = (steps['docs/adr/TEMPLATE.sync-policy.md'].content or b'').replace(b'YYYY-MM-DD', b'2026-11-21')
    copy = document.from_bytes('docs/adr/0001-sync.md', kind, text)
    assert schema.violations(schema.built_in('adr'), copy.meta) == []
    assert re.findall('^## (.+)$', copy.body, re.MULTILINE) == list(kind.sections)
    bare = kind._replace(sections=('Status', 'Options'))
    assert governance.sync_policy(bare).endswith('## Status\n\nProposed.\n\n## Options\n')


@pytest.fixture
def adopted(repo: Sandbox) -> Sandbox:
    repo.write('plans/p.md', '---\ntitle: P\nentity: plan\n---\n')
    repo.write('plans/q.md', '---\ntitle: Q\nentity: Plan\nstore: Coda\n---\n')
    repo.write('docs/adr/0001-x.md', '---\ntitle: X\nentity: Decision\n---\n')
    repo.commit('ours')
    return repo


def init(repo: Sandbox, *words: str) -> str:
    code, out = run(repo, 'init', '--with', ','.join(sorted(ASKED)), *words)
    assert code == 0, out
    return out


def test_what_init_prints_leads_to_green_hooks_and_a_block(adopted: Sandbox) -> None:
    before = adopted.snapshot()
    assert 'a plan' in init(adopted, '--dry-run') and adopted.snapshot() == before
    out = init(adopted)
    assert 'daybook regen-indexes' in out
    for line in re.findall(r'^  (git add -- .*|.*daybook regen-indexes)$', out, re.MULTILINE):
        subprocess.run(shlex.split(line) if line.startswith('git') else ('daybook', 'regen-indexes'), cwd=adopted.root)
    adopted.commit('adopt')
    idle = 'validate-frontmatter: 0 rows governed in logs/context_actions.csv: it has only its header; the next hand-off adds one\n'
    assert run(adopted, 'check-all') == (0, idle) and run(adopted, 'regen-indexes') == (0, '')
    assert run(adopted, 'check-authority') == (0, '')
    text = adopted.read(governance.OVERVIEW)
    assert overview_block.has_block(text) and '- [plans/p](../plans/p.md): P\n' in text and '### Cadence' in text
    rows = run(adopted, 'check-authority', '--report')[1]
    assert re.search(r'^Decision +GitHub', rows, re.MULTILINE) and re.search(r'^plan +Coda', rows, re.MULTILINE)
    after = adopted.snapshot()
    assert 'nothing to write' in init(adopted) and adopted.snapshot() == after


def test_a_new_overview_alone_asks_for_its_block(repo: Sandbox) -> None:
    repo.write('README.md', 'x')
    repo.commit('ours')
    assert 'daybook regen-indexes' in init(repo)


def test_it_is_taken_out_as_it_was(adopted: Sandbox) -> None:
    before = adopted.snapshot()
    init(adopted)
    assert run(adopted, 'init', '--uninstall')[0] == 0
    assert adopted.snapshot() == before


def test_what_was_written_into_since_is_kept_and_named(adopted: Sandbox) -> None:
    init(adopted)
    adopted.git('add', '.')
    run(adopted, 'regen-indexes')
    adopted.write(governance.ACTION_LOG, adopted.read(governance.ACTION_LOG) + '2026-11-20,roman,update,x,\n')
    out = run(adopted, 'init', '--uninstall')[1]
    for path in (governance.OVERVIEW, governance.ACTION_LOG):
        assert f'keep     {path}: it was edited since; it is yours now' in out and (adopted.root / path).exists()
    assert not (adopted.root / governance.AUTHORITY).exists()
