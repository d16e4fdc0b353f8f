"""Markdown and plain text: front matter, headings, one kind of line end."""

from __future__ import annotations

import re

from crescendai.adapters.documents.invisible import without_invisible
from crescendai.ports.documents import HeadingSpan, ParsedDocument

_FRONT_MATTER = re.compile(r"\A---\n(.*?)\n---(?:\n|\Z)", re.DOTALL)
_FIELD = re.compile(r"(\w[\w-]*):[ \t]*(.*)")
_FENCE = re.compile(r"^(```|~~~).*?^\1", re.DOTALL | re.MULTILINE)
_MARKDOWN_HEADING = re.compile(r"^(#{1,6})[ \t]+(.+?)[ \t]*#*[ \t]*$", re.MULTILINE)


def parse_markdown(source: str) -> ParsedDocument:
    """The text is the Markdown itself, without its front matter."""
    text, hidden = _lines(source)
    fields: tuple[tuple[str, str], ...] = ()
    front = _FRONT_MATTER.match(text)
    if front is not None:
        found = (_FIELD.fullmatch(line.strip()) for line in front[1].splitlines())
        fields = tuple((field[1].lower(), field[2].strip(" \t\"'")) for field in found if field)
        text = text[front.end() :].lstrip("\n")
    fenced = [match.span() for match in _FENCE.finditer(text)]
    headings = tuple(
        HeadingSpan(len(match[1]), match[2], match.start(), match.end())
        for match in _MARKDOWN_HEADING.finditer(text)
        if not any(start <= match.start() < end for start, end in fenced)
    )
    named = dict(fields)
    first = next((one.title for one in headings if one.level == 1), None)
    return ParsedDocument(
        text=text,
        headings=headings,
        title=named.get("title") or first,
        author=named.get("author") or None,
        fields=fields,
        hidden_characters=hidden,
    )


def parse_text(source: str) -> ParsedDocument:
    text, hidden = _lines(source)
    return ParsedDocument(text=text, hidden_characters=hidden)


def _lines(source: str) -> tuple[str, int]:
    """With one kind of line end and no invisible characters; how many of those there were."""
    text = source.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n")
    return without_invisible(text)
