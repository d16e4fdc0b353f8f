"""Another model: what is found while it reads the library, and afterwards."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import pytest
from sqlalchemy import func, select, text

from crescendai.identity.service import Caller
from crescendai.knowledge import tasks
from crescendai.knowledge.models import TextModels
from crescendai.knowledge.reindexing import REINDEX
from crescendai.knowledge.results import SearchAnswer
from crescendai.knowledge.search import STAGES
from crescendai.knowledge.tables import ModelDataRow
from crescendai.ports.embedding import Embedder, ScriptedEmbedder, ScriptedReranker, Vectors
from tests.knowledge.conftest import Library
from tests.knowledge.test_ingestion import LONG, PowerCut, count
from tests.knowledge.test_search import PEDAL, TRILL


class Newer(ScriptedEmbedder):
    """Another model of other dimensions, which does something when its second batch comes."""

    model_id = "scripted-newer"

    def __init__(self, then: Callable[[], Awaitable[object]] | None = None) -> None:
        super().__init__(dimensions=48)
        self._then = then
        self.texts: list[str] = []

    async def embed(self, texts: Sequence[str]) -> Vectors:
        self.texts.extend(texts)
        if self._then is not None and len(self.texts) > len(texts):
            then, self._then = self._then, None
            await then()
        return await super().embed(texts)


class NewReranker(ScriptedReranker):
    model_id = "scripted-new-reranker"


def models_of(library: Library, embedder: Embedder) -> TextModels:
    """What the settings name now, beside the library's model of before."""
    before = {library.embedder.model_id: library.embedder}
    return TextModels(embedder, library.reranker, before.get)


async def data_by_model(library: Library) -> dict[str, int]:
    async with library.transactions.read() as session:
        query = select(ModelDataRow.model_id, func.count()).group_by(ModelDataRow.model_id)
        return {row[0]: row[1] for row in await session.execute(query)}


async def test_the_old_index_serves_until_the_new_one_is_whole(
    library: Library, caller: Caller
) -> None:
    seen: list[SearchAnswer] = []

    async def look() -> None:
        seen.append(await search.search(caller, "loose wrist"))
        progress = await reindexing.state()
        assert 0 < progress.percent < 100
        assert progress.serving == library.embedder.model_id

    await library.take_in(caller, "pedal.txt", PEDAL)
    await library.take_in(caller, "x.txt", LONG)
    before = await library.search.search(caller, "loose wrist")
    models = models_of(library, Newer(look))
    reindexing, search = library.new_reindexing(models), library.new_search(models)
    await reindexing.run()
    [during] = seen
    assert during.hits == before.hits
    assert during.stages == STAGES

    after = await search.search(caller, "loose wrist")
    assert after.stages == STAGES
    [own] = await models.embedder.embed(["loose wrist"])
    stored = await models.embedder.embed([f"x. {hit.text}" for hit in after.hits[:1]])
    assert after.hits[0].similarity >= float(stored[0] @ own) - 0.01
    progress = await reindexing.state()
    assert (progress.serving, progress.percent) == ("scripted-newer", 100)
    chunks = await count(library, "knowledge_chunks")
    assert await data_by_model(library) == {
        "scripted-newer": chunks,
        library.reranker.model_id: chunks,
    }


async def test_a_search_that_is_open_changes_over(library: Library, caller: Caller) -> None:
    """A server's own search notices that another process has changed the index."""
    await library.take_in(caller, "pedal.txt", PEDAL)
    models = models_of(library, Newer())
    search = library.new_search(models)
    await search.search(caller, "muddy bass")
    await library.new_reindexing(models).run()
    answer = await search.search(caller, "muddy bass")
    assert answer.stages == STAGES
    assert len(answer.hits) == 1
    vector = (await models.embedder.embed([f"pedal. {answer.hits[0].text}", "muddy bass"])).T
    assert answer.hits[0].similarity == pytest.approx(float(vector[:, 0] @ vector[:, 1]), abs=0.01)


async def test_a_job_that_was_cut_off_goes_on_where_it_was(
    library: Library, caller: Caller
) -> None:
    async def cut() -> None:
        raise PowerCut

    await library.take_in(caller, "x.txt", LONG)
    first, second = Newer(cut), Newer()
    with pytest.raises(PowerCut):
        await library.new_reindexing(models_of(library, first)).run()
    await library.new_reindexing(models_of(library, second)).run()
    whole = Newer()
    await library.new_ingestion(whole).ingest(
        (await library.submit(caller, "whole.txt", LONG + b" ")).document.document_id
    )
    assert 0 < len(second.texts) < len(whole.texts)


async def test_a_document_that_comes_meanwhile_is_found_at_once_and_afterwards(
    library: Library, caller: Caller
) -> None:
    async def take_in_another() -> None:
        submitted = await library.submit(caller, "trill.txt", TRILL, title="Trills")
        await library.ingestion_by(models).ingest(submitted.document.document_id)
        answer = await search.search(caller, "finger trill")
        assert answer.hits[0].title == "Trills"
        assert answer.hits[0].similarity > 0

    await library.take_in(caller, "x.txt", LONG)
    models = models_of(library, Newer(take_in_another))
    search = library.new_search(models)
    await library.new_reindexing(models).run()
    answer = await search.search(caller, "finger trill")
    assert answer.hits[0].title == "Trills"
    assert (await library.new_reindexing(models).state()).percent == 100


async def test_words_alone_are_searched_where_the_old_model_is_gone(
    library: Library, caller: Caller
) -> None:
    await library.take_in(caller, "pedal.txt", PEDAL, title="Pedals")
    models = TextModels(Newer(), library.reranker)
    search = library.new_search(models)
    answer = await search.search(caller, "muddy bass")
    assert "dense" not in answer.stages
    assert [hit.title for hit in answer.hits] == ["Pedals"]
    await library.new_reindexing(models).run()
    assert "dense" in (await search.search(caller, "muddy bass")).stages


async def test_another_reranker_is_asked_once_it_has_been_through_all(
    library: Library, caller: Caller
) -> None:
    await library.take_in(caller, "pedal.txt", PEDAL)
    models = TextModels(library.embedder, NewReranker())
    search = library.new_search(models)
    assert (await search.search(caller, "muddy bass")).stages == ("dense", "bm25", "fusion")
    assert await library.new_reindexing(models).ensure()
    await library.new_reindexing(models).run()
    assert (await search.search(caller, "muddy bass")).stages == STAGES


async def test_the_job_is_promised_when_it_is_needed_and_once(
    library: Library, caller: Caller
) -> None:
    async def jobs() -> int:
        async with library.transactions.read() as session:
            query = text("SELECT count(*) FROM jobs WHERE kind = :kind")
            found: int = (await session.execute(query, {"kind": REINDEX})).scalar_one()
            return found

    assert not await library.new_reindexing().ensure()
    await library.take_in(caller, "pedal.txt", PEDAL)
    assert not await library.new_reindexing().ensure()
    assert await jobs() == 0
    reindexing = library.new_reindexing(models_of(library, Newer()))
    assert await reindexing.ensure()
    assert await reindexing.ensure()
    assert await jobs() == 1
    assert (await reindexing.state()).running
    await tasks.handlers(library.ingestion, reindexing)[REINDEX].run({})
    assert not await reindexing.ensure()


async def test_back_to_the_model_that_still_serves(library: Library, caller: Caller) -> None:
    """The settings were changed and changed back before the new index was whole."""

    async def cut() -> None:
        raise PowerCut

    await library.take_in(caller, "pedal.txt", PEDAL)
    await library.take_in(caller, "x.txt", LONG)
    with pytest.raises(PowerCut):
        await library.new_reindexing(models_of(library, Newer(cut))).run()
    reindexing = library.new_reindexing()
    assert await reindexing.ensure()
    await reindexing.run()
    assert not await reindexing.ensure()
    assert set(await data_by_model(library)) == set(library.models.ids)
    assert (await library.search.search(caller, "muddy bass")).stages == STAGES
