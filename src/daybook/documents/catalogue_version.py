"""What tells two versions of the tool apart, for what is kept between runs: each version has files of its own."""
from __future__ import annotations

import os
import sys
import time
import zlib

KEPT_DAYS = 30  # what no run has used for so long is forgotten
_FOLDERS = ('checks', 'documents', 'governance', 'invariant', 'links', 'repo', 'rules')
_LIBRARIES = ('pyromark-', 'pyyaml-', 'jsonschema-', 'jsonschema_rs-')
_version = ''


def version() -> str:
    """Return what tells two versions of the tool apart: a checksum of the modules that make what is kept."""
    global _version  # `functools` would cost a warm run more than the checksum does
    _version = _version or _checksum()
    return _version


def _checksum() -> str:
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    checksum = zlib.crc32(f'{sys.version_info[:2]} {_library_versions()}'.encode())
    for folder in _FOLDERS:
        folder = os.path.join(package, folder)
        for name in sorted(os.listdir(folder)):
            if name.endswith('.py'):
                with open(os.path.join(folder, name), 'rb') as stream:
                    checksum = zlib.crc32(stream.read(), checksum)
    return f'{checksum:08x}'


def _library_versions() -> str:
    for folder in sys.path:
        named = [name for name in _names_in(folder) if name.lower().startswith(_LIBRARIES) and name.endswith('-info')]
        if any(name.startswith('pyromark-') for name in named):
            return ' '.join(sorted(named))
    return ''


def _names_in(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


def forget_others(mine: str) -> None:
    """Delete the files of other versions beside the file `mine` that are older than KEPT_DAYS; `KIND-…` is how they are named."""
    folder, name = os.path.split(mine)
    limit = time.time() - KEPT_DAYS * 86400
    for other in os.listdir(folder):
        if other.startswith(f'{name.partition("-")[0]}-') and not other.startswith(name):
            try:
                if os.stat(os.path.join(folder, other)).st_mtime < limit:
                    os.unlink(os.path.join(folder, other))
            except OSError:
                continue
