"""What the library answered before, for as long as it stays the same.

Feedback asks the same questions again and again: two for each of nineteen scales and its two sides.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TypeAlias
from uuid import UUID

from crescendai.feedback.library import Search
from crescendai.identity.service import Caller
from crescendai.knowledge.results import SearchAnswer

MOST = 1000

_Key: TypeAlias = tuple[UUID, int, str, int]


class RememberedSearch:
    """Keeps a caller's answers for that caller alone, and only those that were reranked whole."""

    def __init__(self, search: Search) -> None:
        self._search = search
        self._kept: OrderedDict[_Key, SearchAnswer] = OrderedDict()

    def at(self, revision: int) -> Search:
        """The library as it is at that revision, which counts up whenever it changes."""
        return _At(self, revision)

    async def ask(self, caller: Caller, revision: int, query: str, top_k: int) -> SearchAnswer:
        key = (caller.user_id, revision, query, top_k)
        kept = self._kept.get(key)
        if kept is not None:
            self._kept.move_to_end(key)
            return kept
        answer = await self._search.search(caller, query, top_k)
        if "rerank" in answer.stages:
            self._kept[key] = answer
            if len(self._kept) > MOST:
                self._kept.popitem(last=False)
        return answer

    def forget(self, caller: Caller) -> None:
        """An answer quotes what the caller has added to the library."""
        for key in [one for one in self._kept if one[0] == caller.user_id]:
            del self._kept[key]


@dataclass(frozen=True)
class _At:
    remembered: RememberedSearch
    revision: int

    async def search(self, caller: Caller, query: str, top_k: int) -> SearchAnswer:
        return await self.remembered.ask(caller, self.revision, query, top_k)
