"""The index of words over a real library: what every engine behind the port has to keep."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crescendai.adapters.models.minilm import english_words
from crescendai.adapters.words.memory import MemoryWordIndex
from crescendai.identity.service import Caller
from crescendai.knowledge.spelling import Dictionary
from crescendai.knowledge.words import ChunkText, WordCounts, search_words, words_of
from crescendai.ports.words import WordIndex
from tests.knowledge.conftest import Library

PEDAL = b"Change the pedal with the harmony, or the bass will blur and turn muddy."
TRILL = b"Practise the trill slowly with the second and the third finger, then faster."


@pytest.fixture
def index(library: Library) -> WordIndex:
    return MemoryWordIndex(library.transactions)


async def found(index: WordIndex, query: str, caller: Caller, limit: int = 300) -> list[int]:
    return [match.number for match in await index.match(query, caller.user_id, limit)]


async def test_a_document_is_found_when_it_is_ready_and_never_after_its_end(
    library: Library, index: WordIndex, caller: Caller, stranger: Caller
) -> None:
    assert await found(index, "trills", caller) == []
    document = await library.take_in(caller, "trill.txt", TRILL)
    assert len(await found(index, "trills", caller)) == 1
    assert await found(index, "trills", stranger) == []
    pending = await library.submit(caller, "pedal.txt", PEDAL)
    assert await found(index, "pedal", caller) == []
    await library.ingestion.ingest(pending.document.document_id)
    assert len(await found(index, "pedal", caller)) == 1
    await library.service.delete(caller, document.document_id)
    assert await found(index, "trills", caller) == []


async def test_more_and_rarer_words_come_first(
    library: Library, index: WordIndex, caller: Caller
) -> None:
    for name in ("a", "b", "c"):
        await library.take_in(caller, f"{name}.txt", f"{name} muddy scale".encode() + TRILL * 3)
    await library.take_in(caller, "pedal.txt", PEDAL)
    matches = await index.match("muddy pedal of the bass", caller.user_id, 300)
    assert len(matches) == 4
    assert matches[0].score > 1.5 * matches[1].score > 0
    assert len(await index.match("muddy", caller.user_id, 2)) == 2


async def test_others_documents_do_not_crowd_out_ones_own(
    library: Library, index: WordIndex, caller: Caller, stranger: Caller
) -> None:
    crowd = "\n\n".join(
        f"Muddy pedal, muddy bass: number {n}. " + "Muddy. " * 90 for n in range(320)
    )
    document = await library.take_in(stranger, "crowd.txt", crowd.encode())
    assert document.chunk_count > 300
    mine = await library.take_in(caller, "mine.txt", PEDAL + b" " + TRILL * 9)
    assert len(await found(index, "muddy pedal", caller)) == 1
    within = {mine.document_id}
    assert len(await index.match("muddy pedal", caller.user_id, 300, within)) == 1
    assert await index.match("muddy pedal", caller.user_id, 300, {document.document_id}) == []
    assert await index.match("muddy pedal", caller.user_id, 300, set()) == []


async def test_slips_of_spelling_are_put_right_by_the_words_one_can_find(
    library: Library, caller: Caller, stranger: Caller
) -> None:
    index = MemoryWordIndex(library.transactions, dictionary={"medal", "muddy", "harm", "mud"})
    for name in ("a", "b", "c"):
        await library.take_in(caller, f"{name}.txt", PEDAL + name.encode())
    await library.take_in(caller, "once.txt", TRILL)
    for query, expected in {
        "Why is my pedel muddy?": "Why is my pedal muddy?",
        "harmnoy": "harmony",
        "the MUDDDY bass": "the muddy bass",
        "medal harmony": "medal harmony",  # a word, though none of the library's
        "fingar": "fingar",  # "finger" is found once only
        "muddily harms": "muddily harms",  # made of words
        "medalmud": "medalmud",
        "mdy": "mdy",
        "sourdough": "sourdough",
    }.items():
        assert await index.spelt(query, caller.user_id) == expected
    assert await index.spelt("pedel", stranger.user_id) == "pedel"


def test_a_word_is_no_slip_of_another_one() -> None:
    dictionary = Dictionary(english_words())
    right = words_of("armrests concertos largo memorizing rightly senseless staffs tuner")
    assert [word for word in right if not dictionary.knows(word)] == []
    wrong = words_of("arpegio fingar harmnoy metronom pedel rythm staccatto")
    assert [word for word in wrong if dictionary.knows(word)] == []
    slips = {"concertes", "concerts", "memorie", "staccato"}
    assert dictionary.possible(slips) == ["concerts", "staccato"]


@given(st.text(max_size=80))
def test_search_words_hold_nothing_but_words(query: str) -> None:
    assert all(word.isalnum() for word in search_words(query))


def test_the_commonest_words_are_left_out_unless_they_are_all() -> None:
    assert search_words("How do I play the long trill?") == ["long", "trill"]
    assert search_words("what is it") == ["what", "is", "it"]


@given(st.lists(st.tuples(st.text(max_size=40), st.text(max_size=10)), max_size=6))
def test_counts_come_back_as_they_were_packed(texts: list[tuple[str, str]]) -> None:
    counts = WordCounts.of([ChunkText(10 + n, *both) for n, both in enumerate(texts)])
    again = WordCounts.unpack(counts.pack())
    assert again.stems == counts.stems
    for name in ("numbers", "lengths", "ends", "postings"):
        np.testing.assert_array_equal(getattr(again, name), getattr(counts, name))
    assert len(counts.ends) == len(counts.stems)
