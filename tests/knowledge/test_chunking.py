from __future__ import annotations

import itertools
import random

from hypothesis import given, settings
from hypothesis import strategies as st

from crescendai.adapters.documents.plain import parse_markdown
from crescendai.knowledge.chunking import CHUNK_CHARACTERS, WINDOW_CHARACTERS, chunk_document
from crescendai.ports.documents import PageSpan, ParsedDocument

WORDS = ("the", "hand", "rests", "upon", "key", "and", "listens", "before", "it", "speaks")


def sentences(count: int, seed: int = 1) -> str:
    rng = random.Random(seed)
    made = (" ".join(rng.choices(WORDS, k=rng.randint(5, 25))) for _ in range(count))
    return " ".join(f"{one.capitalize()}." for one in made)


@given(st.text(max_size=4000))
@settings(max_examples=60, deadline=None)
def test_offsets_always_point_at_the_text(text: str) -> None:
    for ordinal, chunk in enumerate(chunk_document(ParsedDocument(text))):
        assert chunk.ordinal == ordinal
        assert text[chunk.start : chunk.end] == chunk.text
        assert 0 < len(chunk.text) <= CHUNK_CHARACTERS
        assert chunk.windows
        for window in chunk.windows:
            assert chunk.start <= window.start < window.end <= chunk.end


def test_chunks_begin_and_end_with_sentences_and_overlap() -> None:
    text = sentences(80)
    chunks = chunk_document(ParsedDocument(text))
    assert len(chunks) > 5
    for chunk in chunks:
        assert chunk.text[0].isupper()
        assert chunk.text[-1] == "."
        assert all(window.end - window.start <= WINDOW_CHARACTERS for window in chunk.windows)
    for one, following in itertools.pairwise(chunks):
        assert following.start < one.end
        assert one.end - following.start <= CHUNK_CHARACTERS // 4


def test_windows_cover_the_text_once() -> None:
    text = sentences(60)
    windows = sorted(
        (window.start, window.end)
        for chunk in chunk_document(ParsedDocument(text))
        for window in chunk.windows
    )
    assert windows[0][0] == 0
    assert windows[-1][1] == len(text)
    for (_, end), (start, _) in itertools.pairwise(windows):
        assert start == end + 1  # the space between two sentences


def test_a_chunk_never_crosses_a_heading_and_knows_the_path_to_it() -> None:
    body = sentences(8)
    source = (
        f"# Pedal\n\n{body}\n\n## Exercises\n\n### Late pedal\n\n{body}\n\n## Mistakes\n\n{body}"
    )
    chunks = chunk_document(parse_markdown(source))
    assert {chunk.heading_path for chunk in chunks} == {
        ("Pedal",),
        ("Pedal", "Exercises", "Late pedal"),
        ("Pedal", "Mistakes"),
    }
    for chunk in chunks:
        assert "## Mistakes" not in chunk.text or chunk.heading_path == ("Pedal", "Mistakes")


def test_a_chunk_is_on_the_page_where_it_begins() -> None:
    text = sentences(60)
    half = len(text) // 2
    pages = (PageSpan(1, 0, half), PageSpan(2, half, len(text)))
    chunks = chunk_document(ParsedDocument(text, pages=pages))
    assert chunks[0].page == 1
    assert chunks[-1].page == 2
    assert all(chunk.page == (1 if chunk.start < half else 2) for chunk in chunks)


def test_a_text_without_words_has_no_chunks() -> None:
    assert chunk_document(ParsedDocument("")) == []
    assert chunk_document(ParsedDocument(" \n\n --- \n")) == []
