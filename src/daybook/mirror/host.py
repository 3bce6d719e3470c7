"""Where a git host shows the files of a repository, from the address of its remote; pure."""
from __future__ import annotations

import re

# behind the repository's own page; the first whose name the host's holds
_FORMS = (('gitlab', '/-/blob/{commit}'), ('bitbucket', '/src/{commit}'), ('codeberg', '/src/commit/{commit}'),
          ('gitea', '/src/commit/{commit}'), ('forgejo', '/src/commit/{commit}'), ('github', '/blob/{commit}'))
_REMOTE = re.compile(r'(?:(?:https?|ssh|git)://(?:[^@/]*@)?(?P<host>[^/:]+)(?::\d+)?/|(?:[^@/:]+@)?(?P<scp>[^/:]+\.[^/:]+):)'
                     r'(?P<path>[\w.~/-]+?)(?:\.git)?/?')


def files_url(remote: str) -> str:
    """Return the address below which the host shows files, with `{commit}`; `` for a host that nobody knows."""
    match = _REMOTE.fullmatch(remote.strip())
    if not match:
        return ''
    host = (match['host'] or match['scp']).lower()
    form = next((form for name, form in _FORMS if name in host), '')
    return f'https://{host}/{match["path"].strip("/")}{form}' if form else ''
