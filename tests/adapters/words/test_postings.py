"""The index of words beside SQLite's full text, whose scores it is to give."""

from __future__ import annotations

import random
import sqlite3
from uuid import UUID, uuid4

import pytest

from crescendai.adapters.words.postings import Postings, WordBlock
from crescendai.knowledge.words import ChunkText, WordCounts, search_words
from crescendai.ports.words import WordMatch

CLARA, ROBERT = uuid4(), uuid4()
WORDS = (  # noqa: SIM905
    "pedal pedals pedalling pedalled étude Études etude _legato_ legato's finger fingers fingering "
    "practise practising practice relational conditional rationally hopefulness troubled sky "
    "Mäßig Übung 1838 c♯ half-pedal the of and"
).split()


def chunks(first: int, count: int, seed: int) -> list[ChunkText]:
    draw = random.Random(seed)
    return [
        ChunkText(n, " ".join(draw.choices(WORDS, k=draw.randint(1, 60))), draw.choice(WORDS))
        for n in range(first, first + count)
    ]


def by_sqlite(held: list[ChunkText], words: list[str]) -> dict[int, float]:
    database = sqlite3.connect(":memory:")
    database.execute(
        "CREATE VIRTUAL TABLE t USING fts5(text, context, "
        "tokenize='porter unicode61 remove_diacritics 2')"
    )
    rows = [(one.number, one.text, one.context) for one in held]
    database.executemany("INSERT INTO t (rowid, text, context) VALUES (?, ?, ?)", rows)
    asked = " OR ".join(f'"{word}"' for word in words)
    query = "SELECT rowid, -bm25(t, 1.0, 0.5) FROM t WHERE t MATCH ?"
    return dict(database.execute(query, (asked,)).fetchall())


def put(held: Postings, document: UUID, owner: UUID | None, texts: list[ChunkText]) -> None:
    held.update([WordBlock(document, owner, WordCounts.unpack(WordCounts.of(texts).pack()))], [])


def scores(found: list[WordMatch]) -> dict[int, float]:
    return {one.number: one.score for one in found}


@pytest.mark.parametrize(
    "query", [*WORDS, "pedals and fingers", "practising the étude rationally", "finger fingers"]
)
def test_scores_are_those_of_full_text(query: str) -> None:
    first, second = chunks(1, 40, seed=1), chunks(100, 30, seed=2)
    index = Postings()
    put(index, uuid4(), None, first)
    put(index, uuid4(), CLARA, second)
    words = search_words(query)
    found = index.match(words, CLARA, 1000)
    assert scores(found) == pytest.approx(by_sqlite(first + second, words), rel=1e-4, abs=1e-9)
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    assert [one.number for one in index.match(words, CLARA, 5)] == [one.number for one in found[:5]]


def test_removed_and_replaced_documents_leave_nothing_behind() -> None:
    """Enough of them that the index is written anew on the way."""
    index = Postings()
    documents = [uuid4() for _ in range(8)]
    for at, document in enumerate(documents):
        put(index, document, CLARA, chunks(at * 100, 20, seed=at))
    for document in documents[:5]:
        index.update([], [document])
    replaced = chunks(900, 7, seed=9)
    put(index, documents[5], CLARA, replaced)
    held = replaced + chunks(600, 20, seed=6) + chunks(700, 20, seed=7)
    words = ["pedal", "finger"]
    expected = by_sqlite(held, words)
    assert scores(index.match(words, CLARA, 1000)) == pytest.approx(expected, rel=1e-4)
    some = [*range(600, 610), 903, 5, 77_777]  # of the last two one is removed, one never was
    wanted = {number: score for number, score in expected.items() if number in some}
    assert wanted
    assert index.scores(words, some) == pytest.approx(wanted, rel=1e-4)
    assert Postings().scores(words, some) == {}
    narrowed = {one.number for one in index.match(words, CLARA, 1000, {documents[6]})}
    assert narrowed == {number for number in expected if 600 <= number < 700}


def test_an_owner_never_sees_another_ones() -> None:
    index = Postings()
    for owner, number in ((None, 1), (CLARA, 2), (ROBERT, 3)):
        put(index, uuid4(), owner, [ChunkText(number, "the pedal", "")])
    assert set(scores(index.match(["pedal"], CLARA, 9))) == {1, 2}
    assert set(scores(index.match(["pedal"], ROBERT, 9))) == {1, 3}
    assert set(scores(index.match(["pedal"], UUID(int=7), 9))) == {1}


def test_an_empty_index_and_a_document_without_words() -> None:
    index = Postings()
    assert index.match(["pedal"], CLARA, 5) == []
    document = uuid4()
    put(index, document, None, [])
    put(index, document, None, [ChunkText(1, "", "")])
    assert index.match(["pedal"], CLARA, 5) == []
    index.update([], [document])
    assert index.match([], CLARA, 5) == []


def test_the_best_of_many_are_found_though_common_words_are_not_weighed_everywhere() -> None:
    draw = random.Random(5)
    held = [
        ChunkText(n, " ".join(draw.choices(WORDS, k=30)) + " tremolo" * (n % 40 == 0), "glissando")
        for n in range(2000)
    ]
    index = Postings()
    put(index, uuid4(), None, held[:1900])
    put(index, uuid4(), ROBERT, held[1900:])
    words = ["pedal", "tremolo", "étude", "fingering", "sky"]
    seen = by_sqlite(held, words)
    best = sorted(((score, -n) for n, score in seen.items() if n < 1900), reverse=True)[:20]
    found = index.match(words, CLARA, 20)
    assert [one.score for one in found] == pytest.approx([score for score, _ in best], rel=1e-4)
    assert {one.number: seen[one.number] for one in found} == pytest.approx(scores(found), rel=1e-4)


def test_a_word_of_a_removed_document_is_known_no_more() -> None:
    index, gone = Postings(), uuid4()
    jam, pedal = search_words("Quittenmus"), search_words("pedal")
    put(index, uuid4(), None, chunks(1, 3, seed=1))
    put(index, gone, CLARA, [ChunkText(n, "Quittenmus", "") for n in range(10, 15)])
    assert index.scores(jam, [11])
    index.update([], [gone])
    assert index.scores(jam, [1, 2, 11]) == {}
    assert index.match(jam, CLARA, 5) == []
    assert index.unknown([*jam, *pedal]) == jam
    assert index.scores(pedal, [1, 2, 3])
