from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from crescendai.adapters.vectors.memory import MemoryVectorIndex
from crescendai.adapters.words.memory import MemoryWordIndex
from crescendai.errors import SchemaError, UpstreamFailed
from crescendai.identity.service import Caller
from crescendai.knowledge.filters import Filters
from crescendai.knowledge.models import TextModels
from crescendai.knowledge.search import KnowledgeSearch, Weights
from crescendai.ports.embedding import ScriptedEmbedder, ScriptedReranker, Vectors
from tests.knowledge.conftest import Library

PEDAL = b"Change the pedal with the harmony, or the bass will blur and turn muddy."
TRILL = b"Practise the trill slowly with the second and the third finger, then faster."


async def titles(search: KnowledgeSearch, caller: Caller, query: str) -> list[str]:
    return [hit.title for hit in (await search.search(caller, query)).hits]


async def test_the_best_passage_comes_first_and_says_where_it_stands(
    library: Library, caller: Caller
) -> None:
    await library.take_in(caller, "trill.txt", TRILL)
    document = await library.take_in(caller, "pedal.txt", PEDAL, title="Pedals")
    answer = await library.search.search(caller, "  why is  my bass muddy ", 2)
    assert answer.query == "why is my bass muddy"
    assert answer.stages == ("dense", "bm25", "fusion", "rerank")
    assert answer.took_ms > 0
    best = answer.hits[0]
    assert (best.document_id, best.title) == (document.document_id, "Pedals")
    assert PEDAL.decode()[best.start : best.end] == best.text
    assert -1 <= best.similarity <= 1
    assert [hit.score for hit in answer.hits] == sorted(
        (hit.score for hit in answer.hits), reverse=True
    )


async def test_after_the_first_three_what_is_like_the_best_comes_first(
    library: Library, caller: Caller
) -> None:
    for number in range(5):
        text = f"pedal bass blur harmony {number}"
        await library.take_in(caller, f"{number}.txt", text.encode(), title=str(number))
    await library.take_in(caller, "bow.txt", b"pedal rosin bow violin", title="Bow")
    await library.take_in(caller, "mud.txt", b"pedal blur harmony mud foot", title="Mud")
    hits = {}
    for likeness in (0.0, 1.0):
        search = KnowledgeSearch(
            transactions=library.transactions,
            models=library.models,
            open_index=library.open_index,
            words=MemoryWordIndex(library.transactions),
            cache=library.cache,
            weights=Weights(likeness=likeness),
        )
        hits[likeness] = (await search.search(caller, "pedal bass", 7)).hits
        assert [hit.score for hit in hits[likeness]] == sorted(
            (hit.score for hit in hits[likeness]), reverse=True
        )
    assert hits[0.0][:3] == hits[1.0][:3]
    assert [hit.title for hit in hits[0.0][5:]] == ["Bow", "Mud"]
    assert [hit.title for hit in hits[1.0][5:]] == ["Mud", "Bow"]


class UnreachableReranker(ScriptedReranker):
    """The scripted one, whose service has gone away since the passages were prepared."""

    async def rerank(self, query: str, prepared: Sequence[bytes]) -> list[float]:
        raise UpstreamFailed("reranker_unavailable", "AI service unavailable")


async def test_a_reranker_that_cannot_be_reached_only_costs_its_stage(
    library: Library, caller: Caller
) -> None:
    await library.take_in(caller, "trill.txt", TRILL, title="Trills")
    await library.take_in(caller, "pedal.txt", PEDAL, title="Pedals")
    search = KnowledgeSearch(
        transactions=library.transactions,
        models=TextModels(library.embedder, UnreachableReranker()),
        open_index=MemoryVectorIndex,
        words=MemoryWordIndex(library.transactions),
        cache=library.cache,
    )
    answer = await search.search(caller, "why is my bass muddy", 2)
    assert answer.stages == ("dense", "bm25", "fusion")
    assert answer.hits[0].title == "Pedals"


class UnreachableEmbedder(ScriptedEmbedder):
    async def embed(self, texts: Sequence[str]) -> Vectors:
        raise UpstreamFailed("embedder_unavailable", "AI service unavailable")


class HeardEmbedder(ScriptedEmbedder):
    def __init__(self) -> None:
        super().__init__()
        self.asked = asyncio.Event()

    async def embed(self, texts: Sequence[str]) -> Vectors:
        self.asked.set()
        return await super().embed(texts)


async def test_a_library_that_has_changed_is_read_before_anybody_asks(
    library: Library, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crescendai.knowledge.search._LOOK_SEC", 0.01)
    embedder = HeardEmbedder()
    search = library.new_search(TextModels(embedder, library.reranker))
    warming = asyncio.create_task(search.keep_warm())
    await asyncio.wait_for(embedder.asked.wait(), 10)
    await library.take_in(caller, "trill.txt", TRILL)
    embedder.asked.clear()
    await asyncio.wait_for(embedder.asked.wait(), 10)
    warming.cancel()
    with pytest.raises(asyncio.CancelledError):
        await warming


async def test_without_its_embedder_search_goes_on_by_words(
    library: Library, caller: Caller
) -> None:
    await library.take_in(caller, "trill.txt", TRILL, title="Trills")
    await library.take_in(caller, "pedal.txt", PEDAL, title="Pedals")
    search = library.new_search(TextModels(UnreachableEmbedder(), library.reranker))
    await search.warm_up()
    answer = await search.search(caller, "why is my bass muddy", 2)
    assert answer.stages == ("bm25", "rerank")
    assert answer.hits[0].title == "Pedals"


async def test_one_sees_the_built_in_library_and_ones_own(
    library: Library, caller: Caller, stranger: Caller, articles: Path
) -> None:
    (articles / "pedal.md").write_text("# Handbook\n\nThe pedal.")
    await library.service.ensure_handbook()
    await library.ingest_all(caller)
    await library.take_in(caller, "mine.txt", PEDAL, title="Clara's")
    await library.take_in(stranger, "his.txt", PEDAL + b" So it is.", title="Robert's")
    assert set(await titles(library.search, caller, "pedal")) == {"Handbook", "Clara's"}
    assert set(await titles(library.search, stranger, "pedal")) == {"Handbook", "Robert's"}


async def test_another_process_notices_what_changed(library: Library, caller: Caller) -> None:
    other = library.new_search()
    assert await titles(other, caller, "trill") == []
    document = await library.take_in(caller, "trill.txt", TRILL, title="Trills")
    assert await titles(other, caller, "trill") == ["Trills"]
    await library.service.delete(caller, document.document_id)
    assert await titles(other, caller, "trill") == []


@pytest.mark.parametrize(
    ("query", "top_k", "field"),
    [("", 5, "query.q"), ("  \n ", 5, "query.q"), ("x" * 2001, 5, "query.q")]
    + [("pedal", top_k, "query.top_k") for top_k in (0, -1, 51)],
)
async def test_a_wrong_question_is_refused_by_name(
    library: Library, caller: Caller, query: str, top_k: int, field: str
) -> None:
    with pytest.raises(SchemaError) as caught:
        await library.search.search(caller, query, top_k)
    assert caught.value.field == field


@pytest.mark.parametrize(
    "query",
    [
        '"',
        "pedal AND",
        "NOT pedal",
        "pedal*",
        "text:pedal",
        "(pedal",
        "NEAR(pedal bass)",
        "^pedal",
        "pedal; DROP TABLE knowledge_chunks",
        "-",
        "🎹",
        "what is it",
        "a\0b",
        "'",
    ],
)
async def test_no_query_is_a_command(library: Library, caller: Caller, query: str) -> None:
    await library.take_in(caller, "pedal.txt", PEDAL, title="Pedals")
    assert await titles(library.search, caller, query) == ["Pedals"]


async def test_a_query_is_embedded_once(library: Library, caller: Caller) -> None:
    class Counting(ScriptedEmbedder):
        calls = 0

        async def embed(self, texts: object) -> Vectors:
            self.calls += 1
            return await super().embed(texts)  # type: ignore[arg-type]

    await library.take_in(caller, "pedal.txt", PEDAL)
    library.embedder = counting = Counting()
    for _ in range(3):
        await library.new_search().search(caller, "muddy pedal")
    assert counting.calls == 1


async def test_forms_of_a_word_and_words_of_the_title_are_found(
    library: Library, caller: Caller
) -> None:
    await library.take_in(caller, "a.txt", PEDAL, title="Étude in Blurring")
    await library.take_in(caller, "b.txt", TRILL, title="Other")
    assert (await titles(library.search, caller, "pedals changing"))[0] == "Étude in Blurring"
    assert (await titles(library.search, caller, "etude"))[0] == "Étude in Blurring"


ARTICLE = "---\ntitle: {0}\ntype: {1}\nlevel: {2}\ndimensions: {3}\n---\n# {0}\n\nThe pedal, {0}."


@pytest.mark.parametrize(
    ("narrow", "expected"),
    [
        ({"type": "technique"}, {"A", "C"}),
        ({"level": "beginner"}, {"A", "B"}),
        ({"dimension": "pedal_clean_blurred"}, {"A", "B"}),
        ({"dimension": "pedal_clean_blurred", "type": "technique"}, {"A"}),
        ({"type": "health"}, set()),
        ({"document_id": UUID(int=1)}, set()),
    ],
)
async def test_filters_narrow_both_stages(
    library: Library,
    caller: Caller,
    stranger: Caller,
    narrow: dict[str, Any],
    expected: set[str],
) -> None:
    for values in (
        ("A", "technique", "beginner", "timing_stable_unstable, pedal_clean_blurred"),
        ("B", "practice", "all", "pedal_clean_blurred"),
        ("C", "technique", "advanced", "pedal_sparse_saturated"),
    ):
        await library.take_in(caller, f"{values[0]}.md", ARTICLE.format(*values).encode())
    theirs = ARTICLE.format("D", "technique", "all", "pedal_clean_blurred").encode()
    await library.take_in(stranger, "D.md", theirs)
    await library.take_in(caller, "plain.txt", PEDAL)
    answer = await library.search.search(caller, "pedal", 5, Filters(**narrow))
    assert {hit.title for hit in answer.hits} == expected


async def test_one_document_alone_can_be_searched(library: Library, caller: Caller) -> None:
    await library.take_in(caller, "a.txt", PEDAL)
    document = await library.take_in(caller, "b.txt", PEDAL + TRILL)
    filters = Filters(document_id=document.document_id)
    answer = await library.search.search(caller, "pedal", 5, filters)
    assert {hit.document_id for hit in answer.hits} == {document.document_id}


class SlowReranker(ScriptedReranker):
    """Uses up the whole budget at its first call."""

    def __init__(self) -> None:
        self.seen = 0

    async def rerank(self, query: str, prepared: Sequence[bytes]) -> list[float]:
        self.seen += len(prepared)
        await asyncio.sleep(2.1)
        return await super().rerank(query, prepared)

    async def unmatched(self, query: str, prepared: Sequence[bytes]) -> float | None:
        return None


@pytest.mark.parametrize(
    ("budget_ms", "last_stage", "seen"), [(0, "fusion", 0), (2000, "rerank_part", 25)]
)
async def test_reranking_ends_with_the_time_for_it(
    library: Library, caller: Caller, budget_ms: float, last_stage: str, seen: int
) -> None:
    text = "\n\n".join(f"Muddy pedal, number {n}. " + "Muddy. " * 90 for n in range(60))
    await library.take_in(caller, "pedal.txt", text.encode())
    reranker = SlowReranker()
    search = KnowledgeSearch(
        transactions=library.transactions,
        models=TextModels(library.embedder, reranker),
        open_index=MemoryVectorIndex,
        words=MemoryWordIndex(library.transactions),
        cache=library.cache,
        budget_ms=budget_ms,
    )
    await search.warm_up()
    answer = await search.search(caller, "muddy pedal", 5)
    assert answer.stages[-1] == last_stage
    assert reranker.seen == seen
    assert len(answer.hits) == 5


async def test_a_question_begins_as_its_model_was_trained(library: Library, caller: Caller) -> None:
    class Told(ScriptedEmbedder):
        before_query = "Find: "

        async def embed(self, texts: Sequence[str]) -> Vectors:
            seen.extend(texts)
            return await super().embed(texts)

    seen: list[str] = []
    told = Told()
    await library.new_ingestion(told).ingest(
        (await library.submit(caller, "pedal.txt", PEDAL)).document.document_id
    )
    assert seen
    assert not any(text.startswith("Find: ") for text in seen)
    await library.new_search(TextModels(told, library.reranker)).search(caller, "muddy bass")
    assert seen[-1] == "Find: muddy bass"
