"""Measure one telemetry call against a bare interpreter: alone, and 50 at once, with a control that has no lock.

Both sides of a pair run one after the other in the same run, so that the ratio does not depend on how busy the machine
is; the figure is the median of the pairs. Nothing here fails on a slow machine: the goal is printed beside the figure.
"""
from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

SCRIPT = Path(__file__).parent.parent / 'hooks' / 'session_state.py'
# a shim in front of the interpreter (pyenv's takes 80 ms) would hide every difference
PYTHON = os.path.realpath(sys.executable)
BARE = [PYTHON, '-I', '-S', '-E', '-c', 'pass']
LOCKED = 'held = _lock_posix(handle, deadline, fcntl)'
GOAL_ALONE, GOAL_STORM = 2.4, 2.8


class Pairs(NamedTuple):
    """Milliseconds per call of both sides, and the ratio of each pair."""
    bare: list[float]
    call: list[float]

    def row(self) -> dict[str, float]:
        ratios = [call / bare for bare, call in zip(self.bare, self.call)]
        return {
            'bare_ms': round(statistics.median(self.bare), 2),
            'call_ms': round(statistics.median(self.call), 2),
            'ratio': round(statistics.median(ratios), 2),
            'lowest': round(min(ratios), 2),
            'highest': round(max(ratios), 2),
        }


def _make_repository(folder: Path) -> None:
    subprocess.run(['git', 'init', '-q', str(folder)], check=True)
    (folder / '.daybook').mkdir()


def _write_payload(folder: Path, name: str) -> Path:
    event = {
        'session_id': 'bench', 'cwd': str(folder), 'hook_event_name': 'PostToolUse', 'tool_name': name,
        'tool_input': {'command': 'x' * 500}, 'tool_response': {'stdout': 'y' * 300},
        'transcript_path': str(folder / 'projects' / 'p' / 'bench.jsonl'), 'permission_mode': 'default', 'tool_use_id': 'toolu_01ABC124',
    }
    path = folder / f'{name}.payload'
    path.write_text(json.dumps(event))
    return path


def _start(command: Sequence[str], payload: Path) -> int:
    stdin = (os.POSIX_SPAWN_OPEN, 0, str(payload), os.O_RDONLY, 0)
    return os.posix_spawn(command[0], command, {'PATH': os.environ['PATH']}, file_actions=[stdin])


def _storm(command: Sequence[str], payload: Path, number: int) -> float:
    """Return the milliseconds per call of `number` processes started at once."""
    begin = time.perf_counter()
    for process in [_start(command, payload) for _ in range(number)]:
        os.waitpid(process, 0)
    return (time.perf_counter() - begin) * 1000 / number


def _pairs(command: Sequence[str], payload: Path, number: int, rounds: int) -> Pairs:
    pairs = Pairs([], [])
    for turn in range(rounds + 1):
        sides: list[tuple[list[float], Sequence[str]]] = [(pairs.bare, BARE), (pairs.call, command)]
        for times, side in sides if turn % 2 else sides[::-1]:
            elapsed = _storm(side, payload, number)
            if turn:  # the first turn warms the page cache
                times.append(elapsed)
    return pairs


def _counted(folder: Path) -> int:
    return json.loads((folder / '.daybook' / 'state' / 'session-bench.json').read_text())['tool_calls_count']


def _with_lost(folder: Path, command: Sequence[str], number: int, rounds: int) -> dict[str, float]:
    _make_repository(folder)
    for name in (f'mcp__server{n}__tool' for n in range(30)):  # a state of about 2 kB, as after a day's work
        os.waitpid(_start(command, _write_payload(folder, name)), 0)
    before = _counted(folder)
    row = _pairs(command, _write_payload(folder, 'Bash'), number, rounds).row()
    sent = number * (rounds + 1)
    return {**row, 'sent': sent, 'lost': sent - (_counted(folder) - before)}


def _control(folder: Path) -> Path:
    text = SCRIPT.read_text()
    if text.count(LOCKED) != 1:
        raise SystemExit(f'no control: `{LOCKED}` does not stand once in {SCRIPT}')
    path = folder / 'without_lock.py'
    path.write_text(text.replace(LOCKED, 'held = True'))
    return path


def measure(folder: Path, at_once: int, rounds: int) -> dict[str, dict[str, float]]:
    """Return the rows of the table by name; `folder` is an empty scratch folder."""
    call = [PYTHON, '-I', '-S', str(SCRIPT)]
    control = [PYTHON, '-I', '-S', str(_control(folder))]
    return {
        'alone': {**_with_lost(folder / 'alone', call, 1, rounds * 8), 'goal': GOAL_ALONE},
        f'{at_once} at once': {**_with_lost(folder / 'storm', call, at_once, rounds), 'goal': GOAL_STORM},
        f'{at_once} at once, no lock': _with_lost(folder / 'control', control, at_once, rounds),
    }


def _print_table(rows: dict[str, dict[str, float]]) -> None:
    print(f'{PYTHON}, {os.cpu_count()} cores; ms per call; median of pairs')
    print(f'{"":24} {"bare":>7} {"call":>7} {"ratio":>6} {"(range)":>13} {"goal":>5} {"lost":>11}')
    for name, row in rows.items():
        span = f'{row["lowest"]:.2f}-{row["highest"]:.2f}'
        lost = f'{row["lost"]} of {row["sent"]}'
        print(f'{name:24} {row["bare_ms"]:7.2f} {row["call_ms"]:7.2f} {row["ratio"]:6.2f} {span:>13} '
              f'{row.get("goal", ""):>5} {lost:>11}')


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition('\n')[0])
    parser.add_argument('--json', metavar='FILE', help='write the figures to FILE as well')
    parser.add_argument('--at-once', type=int, default=50, help='processes in a storm (default: %(default)s)')
    parser.add_argument('--rounds', type=int, default=9, help='storms of each side (default: %(default)s)')
    args = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as scratch:
        rows = measure(Path(scratch).resolve(), args.at_once, args.rounds)
    _print_table(rows)
    if args.json:
        Path(args.json).write_text(json.dumps(rows, indent=2) + '\n')
    return 0


if __name__ == '__main__':
    raise SystemExit(main())
