"""A document as HTML that does no harm, whatever is written in it; alone imports nh3, which sanitises."""
from __future__ import annotations

import functools
import re

import nh3

from daybook.documents import markdown
from daybook.documents import markdown_freed
from daybook.writers import pages_links
from daybook.writers.pages_links import Place

_OWN = 'daybook.'  # the ids of the page itself; a heading's anchor holds no full stop, and no document may take one
# what only hides or turns text: C0 and C1, line and paragraph separators, bidi controls (CVE-2021-42574)
_HIDDEN = re.compile('[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]')
_TAGS = set('a abbr b blockquote br caption code col colgroup dd del details dfn div dl dt em figcaption figure h1 h2 h3 h4 h5 h6 '
            'hr i img ins kbd li mark ol p pre q rp rt ruby s samp small span strong sub summary sup table tbody td tfoot th '
            'thead time tr u ul var wbr'.split())
_ATTRIBUTES = {
    '*': {'id', 'title', 'lang', 'dir'}, 'a': {'href', 'name'}, 'img': {'src', 'alt', 'width', 'height'}, 'ol': {'start', 'reversed'},
    'td': {'align', 'colspan', 'rowspan', 'style'}, 'th': {'align', 'colspan', 'rowspan', 'scope', 'style'}, 'p': {'align'}, 'div': {'align'},
    'details': {'open'}, 'time': {'datetime'}, 'code': {'class'}, 'sup': {'class'},
}
_GONE = {'script', 'style', 'textarea', 'title', 'iframe', 'noembed', 'noframes', 'object', 'template', 'xmp', 'select'}
_KNOWN = _TAGS | _GONE
# a tag whose attributes are closed, so that what stands between quotes is none
_TAG_NAME = re.compile('</?([A-Za-z][^\\s/<>]*+)')
_WHOLE_TAG = re.compile(r"""</?([A-Za-z][^\s/<>]*+)(?:"[^"]*"|'[^']*'|[^"'<>])*+>""")
_DEEPEST = 100  # quotations in one another; a sanitiser takes time by the square of what nests, and readers see no more
_TOO_DEEP = re.compile(rf'((?:<blockquote>\s*+){{{_DEEPEST}}})(?:<blockquote>\s*+)+')
_CLASS = re.compile(r'language-[A-Za-z0-9+#._-]{1,30}|footnote-(?:reference|definition-label)')
_ALIGN = re.compile(r'text-align: (left|center|right)')


class _Sanitiser:
    """A cleaner of HTML; what it is made of takes longer to hand over than a document to clean."""

    def __init__(self) -> None:
        self.place: Place | None = None
        self._cleaner = nh3.Cleaner(tags=_TAGS, clean_content_tags=_GONE, attributes=_ATTRIBUTES, attribute_filter=self._filtered,
                                    link_rel='noopener noreferrer', url_schemes={'http', 'https', 'mailto'})

    def _filtered(self, tag: str, name: str, value: str) -> str | None:
        assert self.place is not None
        if name == 'href':
            return pages_links.resolve(self.place, value)
        if name == 'src':
            return pages_links.image(self.place, value)
        if name == 'class':
            return value if _CLASS.fullmatch(value) else None
        if name in ('id', 'name'):
            return None if value.startswith(_OWN) or not value else value
        if name == 'style':
            return value if _ALIGN.fullmatch(value) else None
        return value

    def clean(self, source: str, place: Place) -> str:
        self.place = place
        return self._cleaner.clean(source)


_SANITISER = functools.cache(_Sanitiser)


def _sanitised(source: str, place: Place) -> str:
    return _SANITISER().clean(source, place)


def _bare(source: str) -> str:
    """Return HTML without the tags that stand for nothing here; what they are around stays.

    The sanitiser would take `<path>` for a stray part of a picture, and all that follows with it.
    """
    freed = markdown_freed.freed(source, lambda tag: '')
    if all(name.lower() in _KNOWN for name in set(_TAG_NAME.findall(freed))):
        return freed  # as nearly always
    return _WHOLE_TAG.sub(lambda tag: tag.group() if tag[1].lower() in _KNOWN else '', freed)


def safe(source: str, place: Place) -> str:
    """Return the Markdown `source` as HTML of which only harmless parts are left, its links resolved. Attributes are quoted, `<` and `>` in them escaped."""
    source = _HIDDEN.sub('', source.replace('\r\n', '\n').replace('\r', '\n'))
    rendered = markdown.html(source)
    if rendered.count('<blockquote>') > _DEEPEST:
        rendered = _TOO_DEEP.sub(r'\1', rendered)  # an end too many closes nothing
    return _sanitised(_bare(rendered) if '<' in source else rendered, place)  # without one, all tags are the parser's own
