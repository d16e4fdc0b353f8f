"""The document parsers on whatever they are given: text that hangs together, or one sentence.

Here they run in this process and without their limits, on damaged and made-up documents of a
bounded size. The same cases each time; ``FUZZ_EXAMPLES=5000 pytest`` tries as many others.
"""

from __future__ import annotations

import io
import os
import tempfile
import zipfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crescendai.adapters.documents.child import _parse
from crescendai.errors import InvalidInput
from crescendai.ports.documents import ParsedDocument
from tests.fixtures.archives import archive, docx, epub, paragraph
from tests.fixtures.pdfs import drawn

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "0"))
bounded = settings(
    max_examples=EXAMPLES or 60,
    derandomize=not EXAMPLES,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
WORDS = st.text(max_size=12)
TAGS = st.sampled_from(
    ["p", "h1", "h2", "h7", "table", "tr", "td", "ul", "li", "a", "span", "style", "script", "nav",
     "template", "svg", "math", "pre", "br", "w:p", "w:r", "w:t", "w:tbl", "itemref", "package"]
)  # fmt: skip
ATTRIBUTES = st.sampled_from(
    ["", " hidden", " style='display:none'", " class=a", " href=x", " a=" + "b" * 99, " style='"]
)
PIECES = st.one_of(
    WORDS,
    st.builds(lambda tag, more: f"<{tag}{more}>", TAGS, ATTRIBUTES),
    st.builds(lambda tag: f"</{tag}>", TAGS),
    st.sampled_from(
        ["<!--", "-->", "<![CDATA[", "]]>", "&amp;", "&#0;", "&#x110000;", "&nbsp;", "<?xml",
         "\x00", "<style>.a{display:none}</style>", "<!DOCTYPE", "<", ">", "\u202e", "\ufeff"]
    ),
)  # fmt: skip
MARKUP = st.lists(PIECES, max_size=30).map("".join)
PLAIN = st.text(
    st.characters(codec="utf-8", exclude_characters="<&", min_codepoint=32), max_size=12
)
TREE = st.recursive(
    PLAIN,
    lambda inside: st.builds(
        lambda tag, more, held: f"<{tag}{more}>{''.join(held)}</{tag}>",
        TAGS,
        st.sampled_from(["", " hidden=''", " style='display:none'", " class='a'", " href='x#y'"]),
        st.lists(inside, max_size=4),
    ),
    max_leaves=20,
)
"""Markup that is well formed, whatever its elements mean."""
MARKDOWN = st.lists(
    st.one_of(
        WORDS,
        st.sampled_from(
            ["\n", "\n\n", "# ", "###### ", "---\n", "title: a\n", "```\n", "~~~", "> ", "1. ",
             "- ", "|a|b|\n", "[a](b)", "![", "<b>", "\t", "\r", "\x0c", "=====\n", "\u2028", "`"]
        ),
    ),
    max_size=40,
).map("".join)  # fmt: skip


EPUB = epub([("One", "<h1>One</h1><p>Loose wrist.</p>")])
DOCX = docx(paragraph("Loose wrist."))


def held(packed: bytes) -> dict[str, str | bytes | None]:
    """An archive's entries."""
    with zipfile.ZipFile(io.BytesIO(packed)) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def check(format: str, content: bytes) -> ParsedDocument | None:
    """What is told of the document holds of its text; None when it is refused with a sentence."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "document"
        path.write_bytes(content)
        try:
            parsed = _parse(format, path)
        except InvalidInput as refusal:
            refused = refusal.message
        else:
            refused = ""
    if refused:
        assert refused.endswith(".")
        return None
    parsed.text.encode()  # no half characters
    assert parsed.hidden_characters >= 0
    for spans in (parsed.pages, parsed.sections):
        assert [span.number for span in spans] == sorted({span.number for span in spans})
        assert all(0 <= span.start <= span.end <= len(parsed.text) for span in spans)
        ends = [0, *(span.end for span in spans)]
        assert all(span.start >= end for span, end in zip(spans, ends, strict=False))
    for heading in parsed.headings:
        assert 1 <= heading.level <= 6
        assert 0 <= heading.start <= heading.end <= len(parsed.text)
    return parsed


def damaged(*good: bytes) -> st.SearchStrategy[bytes]:
    """One of them, cut short, or with some bytes replaced, left out or said twice."""

    @st.composite
    def made(draw: st.DrawFn) -> bytes:
        content = draw(st.sampled_from(good))
        for _ in range(draw(st.integers(0, 3))):
            at = draw(st.integers(0, len(content)))
            length = draw(st.integers(0, 40))
            instead = draw(
                st.one_of(st.binary(max_size=20), st.just(content[at : at + length] * 2))
            )
            content = content[:at] + instead + content[at + length :]
        return content[: draw(st.integers(0, len(content)))] if draw(st.booleans()) else content

    return made()


@bounded
@given(MARKUP)
def test_html(markup: str) -> None:
    check("html", markup.encode("utf-8", "surrogatepass"))


@bounded
@given(st.binary(max_size=400))
def test_html_in_any_encoding(content: bytes) -> None:
    check("html", content)


@bounded
@given(MARKDOWN)
def test_markdown_and_text(text: str) -> None:
    for format in ("markdown", "text"):
        check(format, text.encode())


@bounded
@given(st.one_of(TREE, MARKUP), st.one_of(PLAIN, TREE), PLAIN)
def test_epub(chapter: str, contents: str, title: str) -> None:
    check("epub", epub([(contents, chapter), (title, f"<p>{chapter}</p>")], title=title))


@bounded
@given(st.one_of(TREE, MARKUP), st.one_of(st.just(""), TREE), PLAIN)
def test_docx(body: str, styles: str, text: str) -> None:
    check("docx", docx(body + paragraph(f"Loose wrist. {text}"), styles))


@bounded
@given(
    st.dictionaries(
        st.sampled_from([*held(EPUB), *held(DOCX), "../a", "OEBPS/x.xhtml"]),
        st.one_of(st.none(), TREE.map(lambda tree: f"<html>{tree}</html>"), MARKUP),
        max_size=3,
    )
)
def test_archives_with_other_entries_or_without_some(changes: dict[str, str | None]) -> None:
    for format, good in (("epub", EPUB), ("docx", DOCX)):
        entries = held(good) | changes
        check(format, archive({name: one for name, one in entries.items() if one is not None}))


@bounded
@given(damaged(EPUB, DOCX))
def test_damaged_archives(content: bytes) -> None:
    for format in ("epub", "docx"):
        check(format, content)


@bounded
@given(damaged(drawn("BT /F1 12 Tf 72 700 Td (Loose wrist.) Tj ET")))
def test_damaged_pdfs(content: bytes) -> None:
    check("pdf", content)
