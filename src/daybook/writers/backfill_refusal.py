"""Documents to which a back-fill adds nothing, as their head cannot be trusted or the keys would not stay."""
from __future__ import annotations

import re

from daybook.documents import frontmatter
from daybook.documents.document import Document

# comments and blank lines, each taken whole: a search that goes back over them would never end
_UNTIL_BLOCK = re.compile(rb'(?>\s+|<!--(?>.*?-->)|\xef\xbb\xbf)*+(?=---[ \t]*\r?\n)', re.DOTALL)
_CONFLICT = re.compile(rb'^(?:<{7}|>{7}) ', re.MULTILINE)
_GENERATED = re.compile(rb'do not (?:edit|modify)', re.IGNORECASE)
_HEAD = 600  # bytes in which a generator says so
_OTHER_FORMATS = (b'+++', b'{\n', b'{\r\n', b'{"')


def refusal(document: Document) -> str:
    """Return why nothing may be added to `document`, or ``."""
    data, block = document.data, document.parsed.block
    if document.parsed.error:
        line, rule, message = document.parsed.error
        return 'a list of one-key maps; `--convert` makes it a mapping' if rule == 'frontmatter-list' else \
            f'{message} (line {line})'
    if not data.strip():
        return 'empty'
    if b'\0' in data or not _is_utf8(data):
        return 'not UTF-8 text; save it as UTF-8'
    if not _is_utf8(document.path.encode('utf-8', 'surrogateescape')):
        return 'a file name that is not UTF-8; rename it'
    if data.startswith(b'version https://git-lfs'):
        return 'content is not here, only its Git LFS pointer; run `git lfs pull`'
    if _CONFLICT.search(data):
        return 'a merge conflict; resolve it first'
    if block is None and data.removeprefix(frontmatter.BOM).startswith(_OTHER_FORMATS):
        return 'frontmatter in TOML or JSON; rewrite it as YAML'
    if block is None and frontmatter.is_fenced_otherwise(data):
        return 'frontmatter between other lines than `---`; put it between two of these'
    inner = _UNTIL_BLOCK.match(data, block.body if block else 0)
    if inner and _is_block(data[inner.end():]):
        return 'a second block of frontmatter; make them one' if block else \
            'frontmatter that does not begin in the first line; take out what stands above it'
    body = frontmatter.body_offset(data)
    if _GENERATED.search(data, body, body + _HEAD):
        return 'generated, as it says itself; its generator has to write the keys'
    return ''


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode('utf-8')
    except UnicodeDecodeError:
        return False
    return True


def _is_block(data: bytes) -> bool:
    parsed = frontmatter.parse(data)
    return bool(parsed.meta) or bool(parsed.error and parsed.error[1] == 'frontmatter-list')
