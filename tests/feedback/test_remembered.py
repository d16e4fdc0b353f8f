from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

from crescendai.feedback.remembered import MOST, RememberedSearch
from crescendai.identity.service import Caller
from crescendai.knowledge.results import SearchAnswer
from tests.feedback.material import SmallSearch

ADA, BEN = Caller(uuid4()), Caller(uuid4())


class Counted(SmallSearch):
    stages: tuple[str, ...] = ("dense", "bm25", "fusion", "rerank")

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[Caller, str]] = []

    async def search(self, caller: Caller, query: str, top_k: int) -> SearchAnswer:
        self.asked.append((caller, query))
        return replace(await super().search(caller, query, top_k), stages=self.stages)


async def test_an_answer_is_kept_for_its_caller_and_its_library() -> None:
    search = Counted()
    remembered = RememberedSearch(search)
    first = await remembered.at(7).search(ADA, "legato", 5)
    assert await remembered.at(7).search(ADA, "legato", 5) == first
    assert len(search.asked) == 1
    for caller, revision, query, top_k in (
        (BEN, 7, "legato", 5),
        (ADA, 8, "legato", 5),
        (ADA, 7, "pedal", 5),
        (ADA, 7, "legato", 3),
    ):
        await remembered.at(revision).search(caller, query, top_k)
    assert len(search.asked) == 5


async def test_one_callers_answers_are_forgotten() -> None:
    search = Counted()
    remembered = RememberedSearch(search)
    for caller in (ADA, BEN):
        await remembered.at(7).search(caller, "legato", 5)
    remembered.forget(ADA)
    for caller in (ADA, BEN):
        await remembered.at(7).search(caller, "legato", 5)
    assert [caller for caller, _ in search.asked] == [ADA, BEN, ADA]


async def test_what_was_not_reranked_whole_is_asked_for_again() -> None:
    search = Counted()
    search.stages = ("dense", "bm25", "fusion", "rerank_part")
    remembered = RememberedSearch(search)
    for _ in range(2):
        await remembered.at(1).search(ADA, "legato", 5)
    assert len(search.asked) == 2


async def test_the_oldest_is_forgotten() -> None:
    search = Counted()
    remembered = RememberedSearch(search)
    for number in range(MOST + 1):
        await remembered.at(number).search(ADA, "legato", 5)
    await remembered.at(0).search(ADA, "legato", 5)
    await remembered.at(MOST).search(ADA, "legato", 5)
    assert len(search.asked) == MOST + 2
