"""render-docs on 10,000 documents: nothing and one document changed against an empty Python, all of them against hugo."""
from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from collections.abc import Sequence

from bench import corpus
from bench import timing

_COUNT = 10_000
_STREAMS = 40
_OURS = (sys.executable, '-m', 'daybook', 'render-docs')
_SETTINGS = '''kinds:
  doc:
    paths: [docs/guides/**/*.md, docs/notes/**/*.md]
    exclude: [docs/notes/drafts/**]
links:
  exclude: [tests/data/**]
indexes:
  when: commit
handoff:
  push: auto
'''
_CONFIG = '''baseURL = "/"
disableKinds = ["taxonomy", "term", "RSS", "sitemap", "section", "404"]
[markup.goldmark.renderer]
unsafe = true
[markup.highlight]
noClasses = false
'''
# what a page of ours has, less what hugo has no words for: who links here, the sessions of a workstream, a graph
_SINGLE = '''<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{{ .Title }}</title>
<meta name="summary" content="{{ .Params.summary }}"><meta name="kind" content="{{ .Params.kind }}">{{ partialCached "assets.html" . }}</head>
<body><main><h1>{{ .Title }}</h1><p>{{ .Params.summary }}</p><dl>
{{ range slice "operator" "workstream" "created" "updated" "commits" "lines_added" "lines_removed" "tool_calls_count" }}{{ $key := . }}
{{ with index $.Params . }}<div><dt>{{ $key }}</dt><dd>{{ . }}</dd></div>{{ end }}{{ end }}
<div><dt>Tags</dt><dd>{{ range .Params.tags }}<a href="/#q={{ . }}">{{ . }}</a> {{ end }}</dd></div></dl>
<nav>{{ .TableOfContents }}</nav><article>{{ .Content }}</article></main></body></html>
'''
_HOME = '''<!doctype html><html lang="en"><head><title>home</title></head><body><script>var rows = [{{ range .Site.RegularPages }}
{{ dict "u" .RelPermalink "t" .Title "s" .Params.summary "o" .Params.operator "x" .Plain | jsonify }},{{ end }}]</script></body></html>
'''


def _link_up(root: str, paths: Sequence[str]) -> None:
    """Give the notes workstreams and links to each other, and commit that."""
    os.makedirs(os.path.join(root, 'workstreams'))
    for number in range(_STREAMS):
        with open(os.path.join(root, f'workstreams/w{number}.md'), 'w', encoding='utf-8') as stream:
            stream.write(f'---\ntitle: Workstream {number}\nstatus: active\ncreated: "2020-01-01"\n---\n\n## Goal\n')
    for number, path in enumerate(paths):
        with open(os.path.join(root, path), encoding='utf-8') as stream:
            text = stream.read()
        others = ' '.join(f'[{n}](./{os.path.basename(paths[(number * 7 + n) % len(paths)])})' for n in (1, 2))
        with open(os.path.join(root, path), 'w', encoding='utf-8') as stream:
            stream.write(text.replace('\ntags:', f'\nworkstream: w{number % _STREAMS}\ntags:', 1) + f'\nSee {others}.\n')
    _commit(root, 'links')


def _commit(root: str, subject: str) -> None:
    subprocess.run(('git', 'add', '--all'), cwd=root, check=True)
    subprocess.run(('git', 'commit', '-qm', subject), cwd=root, check=True)


def _with_settings(root: str, place: str) -> str:
    """Return a copy of the repository, below `place`, that has a settings file, as every team's has."""
    copy = os.path.join(place, 'settings')
    shutil.copytree(root, copy)
    with open(os.path.join(copy, '.daybook/config.yaml'), 'w', encoding='utf-8') as stream:
        stream.write(_SETTINGS)
    _commit(copy, 'settings')
    timing.command(_OURS, copy)()
    return copy


def _hugo(root: str, place: str) -> Callable[[], None] | None:
    """Return a run of hugo over the same notes with a comparable template, or None without hugo."""
    from daybook.site import site_pages

    program = shutil.which('hugo')
    if program is None:
        return None
    assets = site_pages.assets()['page']
    for name, text in (('config.toml', _CONFIG), ('layouts/_default/single.html', _SINGLE), ('layouts/index.html', _HOME),
                       ('layouts/partials/assets.html', f'<style>{assets.style}</style><script>{assets.script}</script>')):
        os.makedirs(os.path.dirname(os.path.join(place, name)), exist_ok=True)
        with open(os.path.join(place, name), 'w', encoding='utf-8') as stream:
            stream.write(text)
    for folder in ('docs/sessions', 'workstreams'):
        shutil.copytree(os.path.join(root, folder), os.path.join(place, 'content', os.path.basename(folder)))
    run = timing.command([program, '--quiet', '--destination', os.path.join(place, 'public')], place)

    def anew() -> None:
        shutil.rmtree(os.path.join(place, 'public'), ignore_errors=True)
        run()
    return anew


def _changing(root: str, paths: Sequence[str]) -> Callable[[], None]:
    """Return a run after one more document has changed: another each time, its text and its title."""
    run, turn = timing.command(_OURS, root), iter(range(len(paths)))

    def changed() -> None:
        path = os.path.join(root, paths[next(turn) * 97 % len(paths)])
        with open(path, encoding='utf-8') as stream:
            text = stream.read()
        with open(path, 'w', encoding='utf-8') as stream:
            stream.write(text.replace('title: ', 'title: Newly ', 1) + '\nOne more line.\n')
        run()
    return changed


def main(argv: Sequence[str] | None = None) -> int:
    """Print both tables."""
    with tempfile.TemporaryDirectory(prefix='daybook-bench-') as root, tempfile.TemporaryDirectory(prefix='daybook-hugo-') as place:
        paths = corpus.make(root, _COUNT)
        _link_up(root, paths)

        def all_of_them() -> None:
            shutil.rmtree(os.path.join(root, 'docs/rendered'), ignore_errors=True)
            shutil.rmtree(os.path.join(root, '.git/daybook'), ignore_errors=True)
            timing.command(_OURS, root)()

        hugo = _hugo(root, place)
        if hugo is None:
            print('\nsite: no hugo here, so nothing to compare all documents with')
        else:
            timing.show(f'site, all of {_COUNT} documents', timing.compare({'hugo, comparable template': hugo, 'render-docs': all_of_them}, 3),
                        'render-docs at most 1.0 x')
        all_of_them()
        settled = _with_settings(root, place)
        contestants = {'python -I -c pass': timing.command([sys.executable, '-I', '-c', 'pass']),
                       'render-docs, nothing changed': timing.command(_OURS, settled), 'render-docs, one document changed': _changing(settled, paths),
                       'the same without a settings file': _changing(root, paths)}
        timing.show(f'site, one of {_COUNT} documents', timing.compare(contestants, 11), 'one changed at most 12 x')
    return 0
