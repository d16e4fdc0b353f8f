"""The index of words: which chunks hold a query's words, and how much that says."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True)
class WordMatch:
    """``score`` is higher for the better match, on the scale of BM25 (about 5 to 40)."""

    number: int
    score: float


class WordIndex(Protocol):
    """Finds what is ready in the library, whichever process has taken it in."""

    async def refresh(self) -> None:
        """Take over what has changed since the last time, so that the next match is quick."""

    async def spelt(self, query: str, owner_id: UUID) -> str:
        """The query with slips of spelling put right, by the words that the owner can find.

        Only a word that stands nowhere is changed; the query as it is where nothing is nearer.
        """

    async def match(
        self,
        query: str,
        owner_id: UUID,
        limit: int,
        within: Collection[UUID] | None = None,
    ) -> list[WordMatch]:
        """The chunks among everybody's and the owner's own that share words with the query.

        Best first, each once. With ``within`` only those of these documents.
        """

    async def scores(self, query: str, numbers: Collection[int]) -> dict[int, float]:
        """What the query's words say of these chunks, by number; of those that hold any of them."""
