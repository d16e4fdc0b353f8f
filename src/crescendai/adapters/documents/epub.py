"""EPUB: the chapters in their reading order, each a section, under the titles of its contents."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

from crescendai.adapters.documents.archive import Archive, damaged
from crescendai.adapters.documents.blocks import Blocks
from crescendai.adapters.documents.html import parse_page
from crescendai.adapters.documents.markup import read_xml
from crescendai.errors import InvalidInput
from crescendai.ports.documents import ParsedDocument

MAX_CHAPTERS = 5000
_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
_PAGE_TYPES = frozenset({"application/xhtml+xml", "text/html"})
_FONT_SCRAMBLING = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")


def parse(path: Path) -> ParsedDocument:
    archive = Archive(path)
    _refuse_locked(archive)
    package = _read_package(archive, _package_name(archive))
    titles = _contents(archive, package)
    styles = "\n".join(
        archive.read(name).decode("utf-8", "replace") for name in package.styles if name in archive
    )
    blocks = Blocks()
    if len(package.spine) > MAX_CHAPTERS:
        raise InvalidInput(
            "document_too_long",
            f"This book has {len(package.spine)} parts; at most {MAX_CHAPTERS} are taken. "
            "Split it into volumes.",
        )
    for name in package.spine:
        if name in archive:
            blocks.begin_section()
            parse_page(archive.read(name), blocks, styles)
            if name in titles:
                blocks.name_section(titles[name])
    return blocks.document(package.title, package.author)


@dataclass
class _Package:
    """What the package document says; names are paths in the archive."""

    title: str = ""
    author: str = ""
    spine: list[str] = field(default_factory=list)
    styles: list[str] = field(default_factory=list)
    contents: str | None = None


def _package_name(archive: Archive) -> str:
    names: list[str] = []

    def start(name: str, attributes: Mapping[str, str]) -> None:
        if name == "rootfile" and attributes.get("full-path"):
            names.append(attributes["full-path"])

    read_xml(archive.read(_CONTAINER), start, _nothing, _nothing)
    if not names:
        raise damaged()
    return names[0]


def _read_package(archive: Archive, path: str) -> _Package:
    package = _Package()
    items: dict[str, tuple[str, str]] = {}
    order: list[str] = []
    inside = ""
    folder = posixpath.dirname(path)

    def start(name: str, attributes: Mapping[str, str]) -> None:
        nonlocal inside
        inside = name
        if name == "item":
            href = _resolve(folder, attributes.get("href", ""))
            kind = attributes.get("media-type", "")
            items[attributes.get("id", "")] = (href, kind)
            if kind == "text/css":
                package.styles.append(href)
            if "nav" in attributes.get("properties", "").split() or (
                kind == "application/x-dtbncx+xml" and package.contents is None
            ):
                package.contents = href
        elif name == "itemref" and attributes.get("linear") != "no":
            order.append(attributes.get("idref", ""))

    def text(data: str) -> None:
        if inside == "title" and not package.title.strip():
            package.title += data
        elif inside == "creator":
            package.author += data

    def end(name: str) -> None:
        nonlocal inside
        if name == "creator":
            package.author += ", "
        inside = ""

    read_xml(archive.read(path), start, end, text)
    package.author = package.author.strip(" ,")
    package.spine = [
        items[one][0] for one in order if one in items and items[one][1] in _PAGE_TYPES
    ]
    return package


def _contents(archive: Archive, package: _Package) -> dict[str, str]:
    """The first title that the table of contents gives to each file."""
    if package.contents is None or package.contents not in archive:
        return {}
    titles: dict[str, str] = {}
    folder = posixpath.dirname(package.contents)
    label: list[str] = []
    target = ""

    def start(name: str, attributes: Mapping[str, str]) -> None:
        nonlocal target
        if name in ("a", "navLabel"):
            label.clear()
        if name in ("a", "content"):
            target = _resolve(folder, attributes.get("href") or attributes.get("src") or "")

    def end(name: str) -> None:
        if name in ("a", "content") and target:
            titles.setdefault(target, " ".join("".join(label).split()))

    read_xml(archive.read(package.contents), start, end, label.append)
    return {name: title for name, title in titles.items() if title}


def _refuse_locked(archive: Archive) -> None:
    """Scrambled fonts do no harm; anything else means that the text cannot be read."""
    if _ENCRYPTION not in archive:
        return
    algorithms: list[str] = []

    def start(name: str, attributes: Mapping[str, str]) -> None:
        if name == "EncryptionMethod":
            algorithms.append(attributes.get("Algorithm", ""))

    read_xml(archive.read(_ENCRYPTION), start, _nothing, _nothing)
    if any(one not in _FONT_SCRAMBLING for one in algorithms):
        raise InvalidInput(
            "document_locked",
            "This book is locked by its shop's copy protection. Upload a copy without it.",
        )


def _resolve(folder: str, href: str) -> str:
    return posixpath.normpath(posixpath.join(folder, unquote(href.partition("#")[0])))


def _nothing(*_: object) -> None:
    pass
