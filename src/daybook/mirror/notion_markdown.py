"""Markdown as Notion reads it, pure: https://developers.notion.com/guides/data-apis/enhanced-markdown

The text is read as the git host reads it, to HTML, and that is written in Notion's dialect: a line for each
block, tabs for what stands below another, a backslash before every special character.
"""
from __future__ import annotations

import re
from collections.abc import Iterable

from daybook.documents import markdown
from daybook.documents import markdown_freed
from daybook.mirror import notion_tree
from daybook.mirror.adapter import Resolve
from daybook.mirror.notion_tree import Node

CONTROL = re.compile('[\x00-\x08\x0e-\x1b\x7f]')  # CommonMark has U+FFFD for the first of them, and no page takes the others
_SPECIAL = re.compile(r'[\\*~`$\[\]<>{}|^]')
_BEGINS_BLOCK = re.compile(r'(?:[-+](?=\s|$)|#{1,6}(?=\s|$)|-{3,}\s*$|\d{1,9}(?=[.)](?:\s|$)))')
_TASK = re.compile(r'\[([ xX])\]\s+')
_SPACE = re.compile(r'[ \t\r\n\f\v]+')
_ADDRESS = re.compile(r'(?:https?://|mailto:)[^\s]+\Z', re.IGNORECASE)
_LONGEST_URL = 2000  # https://developers.notion.com/reference/request-limits
_MARKS = {'strong': '**', 'b': '**', 'em': '*', 'i': '*', 'cite': '*', 'dfn': '*', 'var': '*', 'del': '~~', 's': '~~', 'strike': '~~'}
_UNDERLINED = ('u', 'ins')
_CODE = ('code', 'kbd', 'samp', 'tt')
_BREAK = '<br>'
# the names that Notion knows, and the short ones that people write
_LANGUAGES = frozenset('bash c clojure css dart diff docker elixir elm erlang go graphql groovy haskell html java javascript json julia '
                       'kotlin latex less lisp lua makefile markdown matlab mermaid nix ocaml pascal perl php powershell prolog python r '
                       'ruby rust sass scala scheme scss shell solidity sql swift toml typescript xml yaml zig'.split())
_ALIASES = {'js': 'javascript', 'jsx': 'javascript', 'ts': 'typescript', 'tsx': 'typescript', 'py': 'python', 'rb': 'ruby', 'sh': 'shell',
            'zsh': 'shell', 'console': 'shell', 'yml': 'yaml', 'md': 'markdown', 'rs': 'rust', 'hs': 'haskell', 'kt': 'kotlin',
            'dockerfile': 'docker', 'make': 'makefile', 'ps1': 'powershell', 'jsonc': 'json', 'golang': 'go', 'tex': 'latex'}


def escaped(text: str) -> str:
    """Return plain text with a backslash before each of Notion's special characters."""
    return _SPECIAL.sub(r'\\\g<0>', text)


class _Writer:
    """Writes a tree, with the addresses that `resolve` gives for links."""

    def __init__(self, resolve: Resolve) -> None:
        self._resolve = resolve
        self._is_in_link = False

    # inline

    def inline(self, children: Iterable[Node | str]) -> str:
        """Return children as one line of rich text."""
        text = _SPACE.sub(' ', self._pieces(children))
        text = re.sub(r' ?<br> ?', _BREAK, text).strip(' ')
        while text.startswith(_BREAK) or text.endswith(_BREAK):
            text = text.removeprefix(_BREAK).removesuffix(_BREAK).strip(' ')
        return text

    def _pieces(self, children: Iterable[Node | str]) -> str:
        text = ''
        for child in children:
            piece = self._piece(child)
            if piece.startswith('`') and text.endswith('`'):
                text += ' '  # two pieces of code, and no fence of two
            # `!` before a link would make it an image
            text = f'{text[:-1]}\\!{piece}' if piece.startswith('[') and text.endswith('!') else text + piece
        return text

    def _piece(self, child: Node | str) -> str:
        if isinstance(child, str):
            return escaped(child)
        if child.name == 'br':
            return _BREAK
        if child.name == 'img':
            return self._image(child)
        if child.name in _CODE:
            return self._code(notion_tree.text_of(child))
        if child.name == 'a' and 'href' in child.attributes:
            return self._link(child, child.attributes['href'])
        inner = self._pieces(child.children)
        if child.name in _MARKS:
            return _around(inner, _MARKS[child.name], _MARKS[child.name])
        if child.name in _UNDERLINED:
            return _around(inner, '<span underline="true">', '</span>')
        return inner if child.name in notion_tree.INLINE else f' {inner} '

    def _code(self, text: str) -> str:
        flat = _SPACE.sub(' ', text).strip(' ')
        if not flat:
            return ''
        runs = {len(run) for run in re.findall(r'`+', flat)}
        fence = '`' * next(n for n in range(1, len(runs) + 2) if n not in runs)
        pad = ' ' if flat[0] == '`' or flat[-1] == '`' else ''
        return f'{fence}{pad}{flat}{pad}{fence}'

    def _address(self, target: str) -> str:
        """Return the address for a link, `` where it has none that Notion would take."""
        address = self._resolve(target)
        if not _ADDRESS.match(address) or len(address) > _LONGEST_URL:
            return ''
        return re.sub(r'[()<>\\*`|\[\]{}^~$"]', lambda found: f'%{ord(found.group()):02X}', address)

    def _link(self, node: Node, target: str) -> str:
        """Return a link; one within another, as of an image that is one, is the outer one."""
        address = '' if self._is_in_link else self._address(target)
        if not address:
            return self._pieces(node.children)
        self._is_in_link = True
        inner = self._pieces(node.children)
        self._is_in_link = False
        return _around(inner, '[', f']({address})')

    def _image(self, node: Node) -> str:
        name, target = escaped(notion_tree.image_name(node)), node.attributes.get('src', '')
        address = self._address(target) if target and name and not self._is_in_link else ''
        return _around(name, '[', f']({address})') if address else name

    # blocks

    def blocks(self, children: Iterable[Node | str]) -> list[str]:
        """Return children as lines, those below a block indented by tabs."""
        lines: list[str] = []
        run: list[Node | str] = []
        for child in children:
            if isinstance(child, str) or child.name in notion_tree.INLINE and not notion_tree.has_block(child):
                run.append(child)
            else:
                lines += self._paragraph(run)
                run = []
                lines += self._block(child)
        return lines + self._paragraph(run)

    def _paragraph(self, run: list[Node | str]) -> list[str]:
        images = [child for child in run if isinstance(child, Node)]
        if images and all(self._is_shown(child) for child in images) and not ''.join(c for c in run if isinstance(c, str)).strip():
            return [f'![{_flat_text(node.attributes.get("alt", ""))}]({self._address(node.attributes["src"])})' for node in images]
        text = self.inline(run)
        return [_BEGINS_BLOCK.sub(r'\\\g<0>' if not text[:1].isdigit() else r'\g<0>\\', text, count=1)
                if _BEGINS_BLOCK.match(text) else text] if text else []

    def _is_shown(self, node: Node) -> bool:
        """Return whether Notion can show an image: it stands on the web, and is no file of the repository."""
        target = node.attributes.get('src', '')
        return node.name == 'img' and target.startswith(('https://', 'http://')) and bool(self._address(target))

    def _block(self, node: Node) -> list[str]:
        name = node.name
        if name in ('h1', 'h2', 'h3', 'h4', 'h5', 'h6'):
            text = self.inline(node.children)
            return [f'{"#" * min(int(name[1]), 4)} {text}'] if text else []
        if name == 'hr':
            return ['---']
        if name == 'pre':
            return _fenced(node)
        if name in ('ul', 'ol', 'menu'):
            return self._list(node)
        if name == 'blockquote':
            return self._quote(node)
        if name == 'table':
            return self._table(node)
        if name == 'details':
            return self._details(node)
        return self.blocks(node.children)

    def _list(self, node: Node) -> list[str]:
        lines: list[str] = []
        start = node.attributes.get('start', '1')
        number = int(start) if re.fullmatch(r'\d{1,9}', start) else 1
        for child in node.children:
            if isinstance(child, str) or child.name != 'li':
                lines += self.blocks([child])
                continue
            lines += self._item(child, f'{number}. ' if node.name == 'ol' else '- ')
            number += 1
        return lines

    def _item(self, node: Node, mark: str) -> list[str]:
        first, rest = notion_tree.first_line(node)
        box = _TASK.match(first[0].lstrip()) if first and isinstance(first[0], str) else None
        if box:
            mark = f'- [{box[1].lower()}] '
            first = [first[0].lstrip()[box.end():], *first[1:]]  # type: ignore[union-attr]
        return [mark + self.inline(first), *_indented(self.blocks(rest))]

    def _quote(self, node: Node) -> list[str]:
        """Return a quotation: its first paragraphs on one line, as each `>` would begin another."""
        texts, rest = [], [child for child in node.children if not isinstance(child, str) or child.strip()]
        while rest and (isinstance(rest[0], str) or rest[0].name == 'p'):
            head = rest.pop(0)
            texts.append(self.inline([head] if isinstance(head, str) else head.children))
        return [f'> {_BREAK.join(filter(None, texts))}', *_indented(self.blocks(rest))]

    def _table(self, node: Node) -> list[str]:
        rows = list(notion_tree.rows(node))
        head = bool(rows) and bool(rows[0]) and all(cell.name == 'th' for cell in rows[0])
        lines = [line for child in node.children if isinstance(child, Node) and child.name == 'caption' for line in self.blocks(child.children)]
        if not rows:
            return lines + self.blocks(child for child in node.children if not isinstance(child, Node) or child.name != 'caption')
        lines.append('<table header-row="true">' if head else '<table>')
        width = max(map(len, rows))
        for row in rows:
            cells = [self._cell(cell) for cell in row] + [''] * (width - len(row))
            lines += ['\t<tr>', *(f'\t\t<td>{cell}</td>' for cell in cells), '\t</tr>']
        return [*lines, '</table>']

    def _cell(self, node: Node) -> str:
        """Return a cell, which holds rich text only: what else stands in it keeps its text."""
        if not any(isinstance(child, Node) and child.name in notion_tree.BLOCK for child in node.children):
            return self.inline(node.children)
        return _BREAK.join(self.inline([child]) for child in notion_tree.flat(node) if self.inline([child]))

    def _details(self, node: Node) -> list[str]:
        title: list[Node | str] = []
        rest: list[Node | str] = []
        for child in node.children:
            if isinstance(child, Node) and child.name == 'summary' and not title:
                title = child.children
            else:
                rest.append(child)
        return ['<details>', f'<summary>{self.inline(title)}</summary>', *_indented(self.blocks(rest)), '</details>']


def _around(inner: str, begin: str, end: str) -> str:
    """Return marked text with the spaces at its ends outside the marks, where they are none."""
    core = inner.strip(' \n\t')
    if not core or core == _BREAK:
        return inner
    at = inner.index(core)
    return f'{inner[:at]}{begin}{core}{end}{inner[at + len(core):]}'


def _flat_text(text: str) -> str:
    return escaped(_SPACE.sub(' ', text).strip(' '))


def _indented(lines: Iterable[str]) -> list[str]:
    return [f'\t{line}' for line in lines]


def _fenced(node: Node) -> list[str]:
    code = next((child for child in node.children if isinstance(child, Node) and child.name == 'code'), None)
    words = (code.attributes.get('class', '') if code else '').removeprefix('language-').split()
    language = words[0].lower() if words else ''
    language = _ALIASES.get(language, language)
    text = notion_tree.text_of(node).removesuffix('\n')
    fence = '`' * max(3, *(len(run) + 1 for run in re.findall(r'`{3,}', text)), 3)
    return [fence + (language if language in _LANGUAGES else ''), *text.split('\n'), fence]


def render(body: str, resolve: Resolve) -> str:
    """Return `body`, Markdown without frontmatter, in Notion's dialect.

    `resolve` gives the address for the target of a link; what it gives `` for stays as text.
    """
    text = CONTROL.sub('\ufffd', body.replace('\r\n', '\n').replace('\r', '\n'))
    tree = notion_tree.parse(markdown_freed.freed(markdown.html(text), lambda tag: tag.replace('<', '&lt;')))
    return '\n'.join(_Writer(resolve).blocks(tree.children))
