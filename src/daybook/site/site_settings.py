"""The settings of a site: what the last run read in a file of the same bytes, so that one changed document reads no YAML."""
from __future__ import annotations

import contextlib
import json
import os
from typing import Any

from daybook.documents import config
from daybook.documents import schema
from daybook.documents.config import Settings
from daybook.repo import files
from daybook.repo import listing
from daybook.site import site_memory
from daybook.site.site_memory import Start
from daybook.site.site_output import replace

_NAME = 'settings'


def _seal(start: Start, data: bytes, text: bytes) -> bytes:
    """Return what ties `text` to the bytes of the file, and to all of ours that reads it and judges it."""
    parts = (start.stamp, schema.version().encode(), data, text)
    return listing.digest(b' '.join(b'%d' % len(part) for part in parts) + b''.join(parts)).hex().encode()


def _keep(start: Start, data: bytes, given: dict[str, Any]) -> None:
    text = json.dumps(given).encode()
    if json.loads(text) == given:  # YAML has keys that JSON has no words for
        folder = os.path.join(start.git_dir, site_memory.STATE)
        with contextlib.suppress(OSError):  # a cache, and the site may be made without
            os.makedirs(folder, exist_ok=True)
            replace(os.path.join(folder, _NAME), _seal(start, data, text) + b'\n' + text)


def read(start: Start) -> Settings:
    """Return the settings that the bytes known to `start` make, the defaults where there are none. Raises FatalError."""
    if start.settings is None:
        return config.DEFAULTS
    kept = b''
    with contextlib.suppress(OSError):
        kept = files.read_bytes(os.path.join(start.git_dir, site_memory.STATE, _NAME)) or b''
    seal, _, text = kept.partition(b'\n')
    if seal == _seal(start, start.settings, text):
        return config.from_mapping(json.loads(text))
    from daybook.documents import mappings  # brings the readers of YAML and of schemas along

    given = mappings.load(config.PATH, start.settings, 'config')
    _keep(start, start.settings, given)
    return config.from_mapping(given)
