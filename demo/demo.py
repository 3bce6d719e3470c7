"""The main job, end to end: two people, two clones, one remote; claim, hand off at the same time, resume."""
from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

PLUGIN = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent

DRAFT = """\
---
title: "{title}"
workstream: launch
tags: [demo]
---

## Summary

{summary}

## Decisions Made

- Each terminal claims its own id; nobody has to agree on a number first.

## Resume Prompt

{summary} The next step is to read the workstream `launch` and take the first open task. What this
session learned stands under Decisions Made. Watch out for the peer who handed off at the same
time: both notes are on the remote, and the index names both, but this branch may be behind, so
start with `git pull`. Nothing is half done: every file of this session was committed before the
hand-off, and the working tree is clean. If the hand-off says that no telemetry was observed,
register the hook first and try again. Ask the operator about nothing; decide and go on. Confidence: H
"""


def say(text: str) -> None:
    print(f'\n\033[1m== {text}\033[0m' if sys.stdout.isatty() else f'\n== {text}', flush=True)


class Person:
    """One person at work in a clone of their own."""

    def __init__(self, scratch: Path, slug: str, name: str) -> None:
        self.slug = slug
        self.clone = scratch / slug
        self.session = f'{slug}-session'
        self.env = {
            **{k: v for k, v in os.environ.items() if not k.startswith(('GIT_', 'DAYBOOK_')) or k == 'GIT_SSL_CAINFO'},
            'HOME': str(scratch), 'PRE_COMMIT_HOME': str(scratch / 'pre-commit'),
            'GIT_CONFIG_GLOBAL': os.devnull, 'GIT_AUTHOR_NAME': name, 'GIT_COMMITTER_NAME': name,
            'GIT_AUTHOR_EMAIL': f'{slug}@example.com', 'GIT_COMMITTER_EMAIL': f'{slug}@example.com',
            'OPERATOR': slug, 'DAYBOOK_SESSION_ID': self.session,
            'PATH': f'{BIN}{os.pathsep}{os.environ["PATH"]}',
        }

    def start(self, *command: str, stdin: str = '') -> subprocess.Popen[str]:
        process = subprocess.Popen(command, cwd=self.clone, env=self.env, text=True, stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        assert process.stdin is not None
        process.stdin.write(stdin)
        process.stdin.close()
        process.stdin = None
        return process

    def run(self, *command: str, stdin: str = '', show: bool = False) -> str:
        process = self.start(*command, stdin=stdin)
        output, _ = process.communicate()
        if show or process.returncode:
            print('\n'.join(f'  {self.slug}$ {line}' for line in [' '.join(command), *output.splitlines()]))
        if process.returncode:
            raise SystemExit(f'demo: `{" ".join(command)}` failed')
        return output

    def use_tools(self, *tools: str) -> None:
        """Let the agent's telemetry hook see these tool calls, as the agent would."""
        for tool in tools:
            event = {'session_id': self.session, 'cwd': str(self.clone), 'hook_event_name': 'PostToolUse',
                     'tool_name': tool, 'tool_input': {}, 'tool_response': {}}
            self.run('python3', '-I', '-S', '.claude/hooks/session_state.py', stdin=json.dumps(event))

    def write_draft(self, session_id: str, title: str, summary: str) -> str:
        path = self.clone / '.daybook' / 'state' / f'draft-{session_id}.md'
        path.write_text(DRAFT.format(title=title, summary=summary), encoding='utf-8')
        return str(path.relative_to(self.clone))


def manual(hook: str, *more: str) -> tuple[str, ...]:
    return ('pre-commit', 'run', '--hook-stage', 'manual', hook, *(more or ('--all-files',)))


def field(output: str, name: str, key: str) -> str:
    line = [line for line in output.splitlines() if line.startswith(f'{name}: ')][-1]
    return dict(part.split('=', 1) for part in line.split()[1:])[key]


def adopt(scratch: Path, roman: Person, sergei: Person) -> None:
    """Make the remote and the first clone, adopt Daybook there, and clone it for the second person."""
    say('a bare remote; Roman adopts Daybook in his clone')
    subprocess.run(('git', 'init', '-q', '--bare', '-b', 'main', scratch / 'remote.git'), check=True)
    subprocess.run(('git', 'clone', '-q', scratch / 'remote.git', roman.clone), check=True, stderr=subprocess.DEVNULL)
    (roman.clone / 'workstreams').mkdir()
    (roman.clone / 'workstreams' / 'launch.md').write_text(
        '---\ntitle: Launch\nowner: roman\n---\n\n## Goal\n\nShip it.\n\n## Session Log\n', encoding='utf-8')
    (roman.clone / '.daybook').mkdir()
    (roman.clone / '.daybook' / 'operators.yaml').write_text(
        'operators:\n  roman: {name: Roman T, initials: RT, emails: [roman@example.com]}\n'
        '  sergei: {name: Sergei K, initials: SK, emails: [sergei@example.com]}\n', encoding='utf-8')
    rev = subprocess.run(('git', 'rev-parse', 'HEAD'), cwd=PLUGIN, check=True, capture_output=True, text=True)
    roman.run('daybook', 'init', '--profile', 'small', '--with', 'claude', '--with', 'telemetry',
              '--repo', str(PLUGIN), '--rev', rev.stdout.strip(), show=True)
    roman.run('git', 'add', '--all')
    roman.run('git', 'commit', '-qm', 'adopt daybook')
    roman.run('git', 'push', '-qu', 'origin', 'HEAD')
    subprocess.run(('git', 'clone', '-q', scratch / 'remote.git', sergei.clone), check=True)
    say('pre-commit installs the hooks from this checkout (this takes longest)')
    for person in (roman, sergei):
        person.run('pre-commit', 'install', '--install-hooks')


def work(person: Person, title: str, summary: str) -> str:
    """Claim an id, use some tools, commit some work; return the path of the draft."""
    session_id = field(person.run(*manual('claim-session'), show=True), 'claim-session', 'id')
    person.use_tools('Bash', 'Edit', 'Edit', 'Agent', 'mcp__github__create_issue')
    (person.clone / f'{person.slug}.py').write_text(f'print({title!r})\n', encoding='utf-8')
    person.run('git', 'add', f'{person.slug}.py')
    person.run('git', 'commit', '-qm', f'add the part of {person.slug}')
    # an operator who lets hand-off push only the note publishes the work first
    person.run('git', 'pull', '-q', '--rebase')
    person.run('git', 'push', '-q')
    return person.write_draft(session_id, title, summary)


def main() -> int:
    scratch = Path(tempfile.mkdtemp(prefix='daybook-demo-'))
    roman, sergei = Person(scratch, 'roman', 'Roman T'), Person(scratch, 'sergei', 'Sergei K')
    adopt(scratch, roman, sergei)
    say('both claim an id, work, and write a draft')
    drafts = {roman: work(roman, 'Ship the landing page', 'The landing page is live and measured.'),
              sergei: work(sergei, 'Wire the payments', 'Payments go through the test account.')}
    say('both hand off at the same time')
    running = {person: person.start(*manual('handoff', '--files', draft)) for person, draft in drafts.items()}
    outcomes = {person: process.communicate()[0] for person, process in running.items()}
    for person, output in outcomes.items():
        print('\n'.join(f'  {person.slug}$ {line}' for line in output.splitlines()))
    say('what the remote holds now')
    roman.run('git', 'pull', '-q', '--no-rebase')
    print(roman.run('git', 'log', '--graph', '--format=%h %an: %s', 'origin/main'))
    say("Sergei's note, as Roman reads it")
    note = field(outcomes[sergei], 'handoff', 'id')
    print((roman.clone / 'docs' / 'sessions' / f'{note}.md').read_text(encoding='utf-8'))
    say('docs/sessions/INDEX.md')
    index = (roman.clone / 'docs' / 'sessions' / 'INDEX.md').read_text(encoding='utf-8')
    print(index)
    say('Roman resumes')
    print(roman.run('daybook', 'resume'))
    pushed = [field(output, 'handoff', 'pushed') for output in outcomes.values()]
    ids = [field(output, 'handoff', 'id') for output in outcomes.values()]
    if pushed != ['yes', 'yes'] or not all(session_id in index for session_id in ids):
        raise SystemExit(f'demo: a hand-off is missing on the remote; look into {scratch}')
    shutil.rmtree(scratch)
    say('both notes are on the remote, and the index names both')
    return 0


if __name__ == '__main__':
    raise SystemExit(main())
