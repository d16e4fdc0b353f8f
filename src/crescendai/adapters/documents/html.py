"""HTML: its visible text, with headings, through Lexbor. Scripts are not run, nothing is fetched.

What a browser would not show is left out and counted: ``hidden``, ``display:none`` and the like in
attributes and plain style rules, text of no size, and white text on a page without a background.
"""

from __future__ import annotations

import codecs
import re
from typing import Any

from selectolax.lexbor import LexborHTMLParser, SelectolaxError

from crescendai.adapters.documents.blocks import Blocks
from crescendai.ports.documents import ParsedDocument

_DROPPED_NAMES = """
head script style template noscript svg math nav iframe object select option datalist textarea
button input audio video canvas rt rp
"""
_DROPPED = frozenset(_DROPPED_NAMES.split())
_INLINE_NAMES = """
a abbr acronym b bdi bdo big cite code data del dfn em font i img ins kbd label mark q ruby s samp
small span strike strong sub sup time tt u var wbr
"""
_INLINE = frozenset(_INLINE_NAMES.split())
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_AT_BLOCK = re.compile(r"@[^{};@]*\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}|@[^{};@]*;")
_HIDING = re.compile(
    r"(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)"
    r"|opacity\s*:\s*0*\.?0+(?![\d.])|font-size\s*:\s*(?:0|1|0?\.\d+)p[xt]\s*(?:!|;|$)"
    r"|font-size\s*:\s*0(?:\.0+)?(?:[a-z%]+)?\s*(?:!|;|$)|text-indent\s*:\s*-\d{3,}|(?:left|top)\s*:\s*-\d{3,}"
    r"|clip\s*:\s*rect\(\s*[01]?(?:px)?[\s,]+[01]?(?:px)?|color\s*:\s*transparent)",
    re.IGNORECASE,
)
_WHITE = re.compile(
    r"(?:^|;)\s*color\s*:\s*(?:white|#fff(?:fff)?|rgba?\(\s*255\s*,\s*255\s*,\s*255[^)]*\))"
    r"\s*(?:!|;|$)",
    re.IGNORECASE,
)
_BACKGROUND = re.compile(r"(?:^|;)\s*background", re.IGNORECASE)
_MAX_HIDING_RULES = 200
_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_:-]{2,40})", re.I)


def parse_page(source: bytes, blocks: Blocks, styles: str = "") -> tuple[str | None, str | None]:
    """Add a page's text to ``blocks``; its own title and author. ``styles`` apply to it too."""
    tree = LexborHTMLParser(decode(source))
    sheets = [styles, *(node.text() for node in tree.css("style"))]
    hiding = _Hiding(tree, "\n".join(sheets))
    body: Any = tree.body
    if body is not None:
        _Walk(blocks, hiding).over(body)
    title = tree.css_first("title")
    return (title.text() if title else None), _author(tree)


def parse(source: bytes) -> ParsedDocument:
    blocks = Blocks()
    title, author = parse_page(source, blocks)
    return blocks.document(title, author)


def decode(source: bytes) -> str:
    """By its byte-order mark, its own word, as UTF-8, or as Western European: never an error."""
    for mark, name in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if source.startswith(mark):
            return source.decode(name, "replace")
    try:
        return source.decode("utf-8")
    except UnicodeDecodeError:
        pass
    declared = _CHARSET.search(source[:4096])
    name = declared[1].decode() if declared else "windows-1252"
    try:
        return source.decode(name, "replace")
    except LookupError:
        return source.decode("windows-1252", "replace")


class _Hiding:
    """Which elements do not show what is in them."""

    def __init__(self, tree: LexborHTMLParser, styles: str) -> None:
        self._ids: set[int] = set()
        white: set[int] = set()
        backed = False
        rules = _rules(_AT_BLOCK.sub("", _COMMENT.sub("", styles)))
        found = 0
        for selector, style in rules:
            backed = backed or _BACKGROUND.search(style) is not None
            hides = _HIDING.search(style) is not None
            if (hides or _WHITE.search(style)) and found < _MAX_HIDING_RULES:
                found += 1
                (self._ids if hides else white).update(_chosen(tree, selector))
        backed = backed or bool(tree.css("[style*=background], [bgcolor], [background]"))
        self._white_hides = not backed
        if self._white_hides:
            self._ids |= white

    def hides(self, node: Any) -> bool:
        attributes = node.attributes
        if not attributes:
            return node.mem_id in self._ids
        style = attributes.get("style") or ""
        return (
            "hidden" in attributes
            or node.mem_id in self._ids
            or _HIDING.search(style) is not None
            or (self._white_hides and _is_white(style, attributes.get("color")))
        )


def _rules(styles: str) -> list[tuple[str, str]]:
    """Selectors and what they set, in time that grows with the length alone."""
    found = (block.rpartition("{") for block in styles.split("}"))
    return [(head.rpartition("{")[2], style) for head, brace, style in found if brace]


def _is_white(style: str, color: str | None) -> bool:
    named = (color or "").strip().lower() in ("white", "#fff", "#ffffff")
    return named or _WHITE.search(style) is not None


def _chosen(tree: LexborHTMLParser, selector: str) -> set[int]:
    try:
        return {node.mem_id for node in tree.css(selector.strip())}
    except SelectolaxError:
        return set()  # a selector this engine does not know


class _Walk:
    """Goes through a tree without recursion: an attacker chooses its depth."""

    def __init__(self, blocks: Blocks, hiding: _Hiding) -> None:
        self._blocks = blocks
        self._hiding = hiding
        self._text: list[str] = []
        self._level: int | None = None
        self._preformatted = 0

    def over(self, root: Any) -> None:
        node = root
        while node is not None:
            down = None
            if node.is_text_node:
                self._text.append(node.text_content or "")
            elif node.is_element_node and self._enter(node):
                down = node.first_child
                if down is None:
                    self._leave(node)
            if down is not None:
                node = down
                continue
            while node is not None and node.next is None:
                node = node.parent
                if node is None or node.mem_id == root.mem_id:
                    self._flush()
                    return
                self._leave(node)
            node = node.next if node is not None else None

    def _enter(self, node: Any) -> bool:
        """False for an element whose inside is not to be read."""
        tag = node.tag
        if tag in _DROPPED:
            return False
        if self._hiding.hides(node):
            self._blocks.hide(node.text())
            return False
        if tag == "br":
            self._text.append("\v")
        elif tag not in _INLINE:
            self._flush()
            self._level = _HEADINGS.get(tag, self._level)
            self._preformatted += tag == "pre"
        return True

    def _leave(self, node: Any) -> None:
        tag = node.tag
        if tag in ("td", "th"):
            self._text.append(" ")
        if tag in _INLINE or tag == "br":
            return
        self._flush()
        if tag in _HEADINGS:
            self._level = None
        self._preformatted -= tag == "pre"

    def _flush(self) -> None:
        self._blocks.add("".join(self._text), self._level, keep_lines=self._preformatted > 0)
        self._text.clear()


def _author(tree: LexborHTMLParser) -> str | None:
    for name in ("author", "dc.creator", "DC.creator"):
        node = tree.css_first(f'meta[name="{name}"]')
        if node is not None and node.attributes.get("content"):
            return node.attributes["content"]
    return None
