"""DOCX: the document's paragraphs and headings, read as a stream of XML.

Runs that Word would not show (``vanish``, white on white, of no size) are left out and counted, as
is what a tracked change has deleted (that without counting: it was never meant to be seen again).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from crescendai.adapters.documents.archive import Archive
from crescendai.adapters.documents.blocks import Blocks
from crescendai.adapters.documents.markup import read_xml
from crescendai.ports.documents import ParsedDocument

_DOCUMENT = "word/document.xml"
_STYLES = "word/styles.xml"
_PROPERTIES = "docProps/core.xml"
_HEADING_NAME = re.compile(r"heading (\d)", re.IGNORECASE)
_OFF = frozenset({"0", "false", "off", "none"})
_COLOURED_GROUND = re.compile(rb'w:(?:fill="(?!auto|[Ff]{6})|highlight )')
_MIN_HALF_POINTS = 3  # smaller letters are a speck


def parse(path: Path) -> ParsedDocument:
    archive = Archive(path)
    document = archive.read(_DOCUMENT)
    look = archive.read(_STYLES) if _STYLES in archive else b""
    grounds = _COLOURED_GROUND.search(document) or _COLOURED_GROUND.search(look)
    styles = _Styles(white_hides=grounds is None)
    if look:
        read_xml(look, styles.start, styles.end, _nothing)
    body = _Body(styles)
    read_xml(document, body.start, body.end, body.text)
    facts = _Facts()
    if _PROPERTIES in archive:
        read_xml(archive.read(_PROPERTIES), facts.start, facts.end, facts.text)
    return body.blocks.document(facts.values.get("title"), facts.values.get("creator"))


class _Styles:
    """Which styles are headings, and which hide.

    White letters hide unless something in the document has a coloured ground to show them on.
    """

    def __init__(self, white_hides: bool) -> None:
        self._white_hides = white_hides
        self.levels: dict[str, int] = {}
        self.hidden: set[str] = set()
        self._style = ""

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        value = attributes.get("val", "")
        if name == "style":
            self._style = attributes.get("styleId", "")
        elif not self._style:
            return
        elif name == "name":
            found = _HEADING_NAME.fullmatch(value)
            if found:
                self.levels[self._style] = int(found[1])
        elif name == "outlineLvl" and value.isdigit() and int(value) < 9:
            self.levels.setdefault(self._style, int(value) + 1)
        elif self.hides(name, attributes):
            self.hidden.add(self._style)

    def hides(self, name: str, attributes: Mapping[str, str]) -> bool:
        """Whether this property makes letters disappear."""
        value = attributes.get("val", "")
        if name == "vanish":
            return value.lower() not in _OFF
        if name == "color":
            return self._white_hides and value.upper() == "FFFFFF"
        return name == "sz" and value.isdigit() and int(value) < _MIN_HALF_POINTS

    def end(self, name: str) -> None:
        if name == "style":
            self._style = ""


@dataclass
class _Paragraph:
    text: list[str] = field(default_factory=list)
    level: int | None = None
    hidden: bool = False


class _Body:
    """A paragraph may hold a text box with paragraphs of its own, so they lie on a stack."""

    def __init__(self, styles: _Styles) -> None:
        self.blocks = Blocks()
        self._styles = styles
        self._open: list[_Paragraph] = []
        self._run_hidden = False
        self._in_run = False
        self._in_text = False
        self._skipping = 0  # inside of what repeats another part

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == "Fallback" or self._skipping:
            self._skipping += 1
            return
        value = attributes.get("val", "")
        if name == "p":
            self._open.append(_Paragraph())
        elif name == "r":
            self._in_run, self._run_hidden = True, False
        elif name == "t":
            self._in_text = True
        elif name in ("tab", "br", "cr") and self._open and self._in_run:
            self._open[-1].text.append("\t" if name == "tab" else "\v")
        elif name == "pStyle" and self._open:
            self._open[-1].level = self._styles.levels.get(value)
            self._open[-1].hidden = value in self._styles.hidden
        elif name == "outlineLvl" and self._open and value.isdigit() and int(value) < 9:
            self._open[-1].level = int(value) + 1
        elif self._in_run and (
            self._styles.hides(name, attributes)
            or (name == "rStyle" and value in self._styles.hidden)
        ):
            self._run_hidden = True

    def end(self, name: str) -> None:
        if self._skipping:
            self._skipping -= 1
        elif name == "t":
            self._in_text = False
        elif name == "r":
            self._in_run = self._run_hidden = False
        elif name == "p" and self._open:
            paragraph = self._open.pop()
            self.blocks.add("".join(paragraph.text), paragraph.level)

    def text(self, data: str) -> None:
        if not self._in_text or self._skipping or not self._open:
            return
        if self._run_hidden or self._open[-1].hidden:
            self.blocks.hide(data)
        else:
            self._open[-1].text.append(data)


class _Facts:
    def __init__(self) -> None:
        self.values: dict[str, str] = {}
        self._inside = ""

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        self._inside = name

    def end(self, name: str) -> None:
        self._inside = ""

    def text(self, data: str) -> None:
        if self._inside:
            self.values[self._inside] = self.values.get(self._inside, "") + data


def _nothing(*_: object) -> None:
    pass
