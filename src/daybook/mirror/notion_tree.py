"""HTML as a tree, pure: what a Markdown parser makes and what people write between, closed as browsers would."""
from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser

VOID = frozenset({'br', 'img', 'hr', 'input', 'col', 'source', 'wbr', 'area', 'embed', 'link', 'meta', 'track'})
INLINE = frozenset('a abbr b bdi bdo big cite code data del dfn em font i ins kbd label mark q rp rt ruby s samp small span '
                   'strike strong sub sup time tt u var br img wbr input picture source'.split())
BLOCK = frozenset('address article aside blockquote body caption center col colgroup dd details div dl dt fieldset figcaption figure '
                  'footer form h1 h2 h3 h4 h5 h6 head header hgroup hr html iframe li main menu nav ol p pre section summary '
                  'table tbody td tfoot th thead title tr ul video audio object svg'.split())
_SILENT = frozenset({'script', 'style', 'template', 'link', 'meta', 'track', 'area', 'embed'})
_MOST_DEPTH = 200  # elements within each other; deeper ones stand beside
GROUPS = ('thead', 'tbody', 'tfoot')
_CELLS = ('td', 'th')
_PARTS = ('table', *GROUPS, 'tr')
_TEXTLESS = (*_PARTS, 'colgroup')
_HOLDERS = {'tr': ('table', *GROUPS), 'td': _PARTS, 'th': _PARTS, **dict.fromkeys(GROUPS, ('table',))}
_COLUMNS = ('colgroup', 'col')


class Node:
    """An element with its children; text is a child of its own."""

    __slots__ = ('name', 'attributes', 'children')

    def __init__(self, name: str, attributes: dict[str, str] | None = None) -> None:
        self.name = name
        self.attributes = attributes or {}
        self.children: list[Node | str] = []


class _Builder(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Node('')
        self._open = [self.root]
        self._silent = ''

    def parse_html_declaration(self, i: int) -> int:
        """Read what begins with `<!` at `i`; of `<![if x]>` and the like the parser knows some, and gives up at others."""
        try:
            return super().parse_html_declaration(i)
        except AssertionError:
            return self.parse_bogus_comment(i)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self._silent = tag if tag not in VOID else ''
        elif tag not in INLINE and tag not in BLOCK:
            # `<ID>` that somebody wrote for a placeholder: hosts hide it, here it is what it looks like
            self.handle_data(self.get_starttag_text() or '')
        else:
            self._make_room(tag)
            node = Node(tag, {name: value or '' for name, value in attrs})
            self._put(node)
            if tag not in VOID and len(self._open) < _MOST_DEPTH:
                self._open.append(node)

    def _make_room(self, tag: str) -> None:
        """Close and open what a part of a table needs around it: https://html.spec.whatwg.org/#parsing-main-intable."""
        if tag == 'table' and self._table_at() and self._open[-1].name in _TEXTLESS:
            del self._open[self._table_at():]
        if tag not in _HOLDERS or not self._table_at():
            return
        while self._open[-1].name not in _HOLDERS[tag]:
            self._open.pop()
        if tag in _CELLS and self._open[-1].name != 'tr':
            self.handle_starttag('tr', [])

    def _table_at(self) -> int:
        return next((n for n in range(len(self._open) - 1, 0, -1) if self._open[n].name == 'table'), 0)

    def _put(self, child: Node | str) -> None:
        """Add a child to what is open; what no table can hold goes before the table."""
        place, table = self._open[-1], self._table_at()
        if isinstance(child, str):
            fits = child.isspace()
        else:
            fits = child.name in _HOLDERS or child.name in _COLUMNS or (child.name, place.name) == ('caption', 'table')
        if fits or not table or place.name not in _TEXTLESS:
            place.children.append(child)
        else:
            self._open[table - 1].children.insert(-1, child)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag in _SILENT or tag in INLINE | BLOCK and tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = ''
        elif tag not in INLINE and tag not in BLOCK:
            self.handle_data(f'</{tag}>')
        else:
            place = self._opened(tag)
            # a stray `</b>` must not close the paragraph around it
            if place and (tag in BLOCK or all(node.name in INLINE for node in self._open[place:])):
                del self._open[place:]

    def _opened(self, tag: str) -> int:
        """Return where the element that `</tag>` ends is open, 0 for nowhere; nothing reaches out of a cell or a table."""
        walls = () if tag == 'table' else ('table',) if tag in _HOLDERS else ('table', *_CELLS, 'caption')
        for place in range(len(self._open) - 1, 0, -1):
            if self._open[place].name == tag:
                return place
            if self._open[place].name in walls:
                return 0
        return 0

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self._put(data)


def parse(html: str) -> Node:
    """Return the root of the tree that `html` makes; its name is ``. Comments, scripts and styles are left out."""
    builder = _Builder()
    builder.feed(html)
    builder.close()
    return builder.root


def image_name(node: Node) -> str:
    """Return what stands for an image in text: its alternative, else the name of its file."""
    return node.attributes.get('alt') or node.attributes.get('src', '').rsplit('/', 1)[-1][:100]


def text_of(node: Node) -> str:
    """Return all text of a node and below it."""
    if node.name in ('img', 'br'):
        return image_name(node) if node.name == 'img' else '\n'
    return ''.join(child if isinstance(child, str) else text_of(child) for child in node.children)


def has_block(node: Node) -> bool:
    """Return whether a block stands anywhere in a node."""
    return any(isinstance(child, Node) and (child.name in BLOCK or has_block(child)) for child in node.children)


def first_line(node: Node) -> tuple[list[Node | str], list[Node | str]]:
    """Part the children of a list item into its own line and the blocks below it."""
    children = list(node.children)
    while children and isinstance(children[0], str) and not children[0].strip():
        children.pop(0)
    if children and isinstance(children[0], Node) and children[0].name == 'p':
        return list(children[0].children), children[1:]
    end = next((n for n, child in enumerate(children) if isinstance(child, Node)
                and (child.name in BLOCK or has_block(child))), len(children))
    return children[:end], children[end:]


def rows(node: Node) -> Iterator[list[Node]]:
    """Yield the cells of each row of a table."""
    for child in node.children:
        if isinstance(child, Node) and child.name in GROUPS:
            yield from rows(child)
        elif isinstance(child, Node) and child.name == 'tr':
            yield [cell for cell in child.children if isinstance(cell, Node) and cell.name in _CELLS]


def flat(node: Node) -> Iterator[Node | str]:
    """Yield what stands in a cell, block by block."""
    for child in node.children:
        if isinstance(child, Node) and (child.name in BLOCK and has_block(child) or child.name in ('ul', 'ol', 'table')):
            yield from flat(child)
        else:
            yield child
