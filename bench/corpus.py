"""A seeded repository of documents, so that every measurement runs anywhere on the same bytes."""
from __future__ import annotations

import os
import random
import subprocess
import sys

_WORDS = ('ship plan note link index claim remote branch merge hook draft session state lock test page site graph '
          'anchor render search audit mirror sync review owner zone debt cache crash journal').split()


def _sentence(source: random.Random, length: int) -> str:
    return ' '.join(source.choice(_WORDS) for _ in range(length)).capitalize() + '.'


def note(number: int, source: random.Random) -> tuple[str, str]:
    """Return file name and text of the n-th note: about 2 kB, 20 keys, two links to earlier notes."""
    day = f'{20 + number // 26000:02d}{number // 2200 % 12 + 1:02d}{number // 80 % 28 + 1:02d}'
    name = f'{source.choice(("RT", "SK"))}-{day}-{number % 80 + 1:02d}'
    date = f'20{day[:2]}-{day[2:4]}-{day[4:]}'
    head = (f'---\ntitle: {_sentence(source, 6)[:-1]}\noperator: {"roman" if name[0] == "R" else "sergei"}\n'
            f'summary: {_sentence(source, 14)}\ntags: [ops, bench]\nkind: session\nid: {name}\nexternal_id: {name}\n'
            f'created: "{date}"\nupdated: "{date}"\nclaimed_at: "{date}T10:00:00Z"\nbranch: main\ncommits: 3\n'
            f'lines_added: {source.randrange(900)}\nlines_removed: {source.randrange(90)}\ntool_calls_count: 42\n'
            'tool_calls_breakdown:\n  Bash: 30\n  Edit: 12\n  mcp__notion: 0\ntelemetry: observed\nsync_status: pending\n---\n')
    body = ''.join(f'\n## {title}\n\n{" ".join(_sentence(source, 12) for _ in range(6))}\n'
                   for title in ('Summary', 'What I Did', 'Learnings', 'Resume Prompt'))
    return f'{name}.md', head + body


def make(root: str, count: int, seed: int = 7) -> list[str]:
    """Make a committed repository with `count` notes below `root`; return their paths."""
    source = random.Random(seed)
    folder = os.path.join(root, 'docs', 'sessions')
    os.makedirs(folder, exist_ok=True)
    paths = []
    for number in range(count):
        name, text = note(number, source)
        paths.append(os.path.join('docs', 'sessions', name))
        with open(os.path.join(root, paths[-1]), 'w', encoding='utf-8') as stream:
            stream.write(text)
    os.makedirs(os.path.join(root, '.daybook'), exist_ok=True)
    with open(os.path.join(root, '.daybook', 'operators.yaml'), 'w', encoding='utf-8') as stream:
        stream.write('operators:\n  roman: {name: Roman T, initials: RT, emails: [roman@example.com]}\n'
                     '  sergei: {name: Sergei K, initials: SK, emails: [sergei@example.com]}\n')
    for words in (('init', '-q', '-b', 'main'), ('config', 'user.name', 'Roman T'),
                  ('config', 'user.email', 'roman@example.com'), ('config', 'gc.auto', '0'),
                  ('add', '--all'), ('commit', '-qm', 'the corpus')):
        subprocess.run(('git', *words), cwd=root, check=True)
    return paths


if __name__ == '__main__':
    make(sys.argv[1], int(sys.argv[2]))
