"""The YAML files of the settings as they were read last, kept by their bytes: a commit need not load a reader of YAML."""
from __future__ import annotations

import json
from typing import Any

from daybook.documents import catalogue
from daybook.documents import config
from daybook.documents import schema
from daybook.problem import Problem
from daybook.repo import listing


def read(common_dir: str, path: str, data: bytes, schema_name: str) -> tuple[dict[str, Any], list[Problem]]:
    """Return what `config.read_mapping` does; what a file without problems says is kept where there is a catalogue."""
    kind, name = f'mapping-{schema_name}', listing.digest(schema.version().encode() + data).hex()
    try:
        kept = catalogue.open_in(common_dir, create=False)
        if kept is None:
            return config.read_mapping(path, data, schema_name)
        with kept:
            known = kept.facts(kind, [name])
            if known:
                return json.loads(known[name]), []
            given, problems = config.read_mapping(path, data, schema_name)
            if not problems:
                with kept.writing() as is_mine:
                    if is_mine:
                        kept.add_facts(kind, [(name, json.dumps(given))])
            return given, problems
    except catalogue.Damaged:  # the audit of links, which writes the most, makes it anew
        return config.read_mapping(path, data, schema_name)
