"""The embedded index of words: postings in memory, brought level with the database."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Collection, Sequence
from uuid import UUID

from crescendai.adapters.words.postings import Postings, WordBlock
from crescendai.kit.sql import Transactions
from crescendai.knowledge import index_repository
from crescendai.knowledge.spelling import Dictionary, slips_of
from crescendai.knowledge.words import WordCounts, search_words
from crescendai.ports.words import WordMatch

_BATCH_DOCUMENTS = 64  # read and taken over at a time
_SPELLABLE = re.compile(r"[a-z]{5,}", re.IGNORECASE)


class MemoryWordIndex:
    """Keeps the postings level with the database, whichever process wrote to it.

    ``dictionary`` holds words that are no slips though the library has never seen them.
    """

    def __init__(
        self, transactions: Transactions, dictionary: Collection[str] = frozenset()
    ) -> None:
        self._transactions = transactions
        self._dictionary = Dictionary(dictionary)
        self._postings = Postings()
        self._revision = -1
        self._held: dict[UUID, int] = {}
        self._lock = asyncio.Lock()

    async def refresh(self) -> None:
        """One small query when nothing has changed."""
        async with self._transactions.read_briefly() as session:
            state = await index_repository.state(session)
        if state.revision != self._revision:
            async with self._lock:
                await self._catch_up()

    async def spelt(self, query: str, owner_id: UUID) -> str:
        if not self._strange(query):
            return query
        await self.refresh()
        return await asyncio.to_thread(self._spelt, query, owner_id)

    def _spelt(self, query: str, owner_id: UUID) -> str:
        meant = {}
        for word in self._strange(query):
            possible = self._dictionary.possible(slips_of(word))
            likeliest = self._postings.likeliest(possible, owner_id)
            if likeliest is not None:
                meant[word] = likeliest
        return _SPELLABLE.sub(lambda found: meant.get(found[0].lower(), found[0]), query)

    def _strange(self, query: str) -> list[str]:
        words = list(dict.fromkeys(word.lower() for word in _SPELLABLE.findall(query)))
        return [one for one in self._postings.unknown(words) if not self._dictionary.knows(one)]

    async def match(
        self,
        query: str,
        owner_id: UUID,
        limit: int,
        within: Collection[UUID] | None = None,
    ) -> list[WordMatch]:
        await self.refresh()
        words = search_words(query)
        return await asyncio.to_thread(self._postings.match, words, owner_id, limit, within)

    async def scores(self, query: str, numbers: Collection[int]) -> dict[int, float]:
        return await asyncio.to_thread(self._postings.scores, search_words(query), numbers)

    async def _catch_up(self) -> None:
        async with self._transactions.read() as session:
            state = await index_repository.state(session)
            if state.revision == self._revision:
                return
            ready = await index_repository.ready_revisions(session)
            gone = self._held.keys() - ready.keys()
            await asyncio.to_thread(self._postings.update, [], gone)
            changed = [one for one, at in ready.items() if self._held.get(one) != at]
            for start in range(0, len(changed), _BATCH_DOCUMENTS):
                batch = changed[start : start + _BATCH_DOCUMENTS]
                packed = await index_repository.word_counts(session, batch)
                await asyncio.to_thread(self._take_over, packed)
        self._held, self._revision = ready, state.revision

    def _take_over(self, packed: Sequence[index_repository.PackedWords]) -> None:
        self._postings.update(
            [
                WordBlock(one.document_id, one.owner_id, WordCounts.unpack(one.data))
                for one in packed
            ],
            [],
        )
