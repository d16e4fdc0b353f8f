"""BM25 in memory: a word's chunks lie ready in one array, so that weighing them is quick.

SQLite's full text weighs every match anew, 7 µs each, and a question's words stand in a third of
all chunks (``docs/decisions/0009``). The scores are those of its ``bm25()``.
"""

from __future__ import annotations

import asyncio
import math
import re
import threading
from array import array
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np
import numpy.typing as npt

from crescendai.kit.sql import Transactions
from crescendai.knowledge import index_repository
from crescendai.knowledge.words import IN_TEXT, WordCounts, search_words, slips_of, stems_of
from crescendai.ports.words import WordMatch

_SATURATION, _LENGTH_SHARE = 1.2, 0.75  # BM25's k1 and b
_LEAST_IDF = 1e-6  # of a word that stands in more than half of all chunks
_DEAD_SHARE = 0.25  # of the rows may be removed ones before the postings are written anew
_BATCH_DOCUMENTS = 64  # read and taken over at a time
_FREQUENT = 3  # chunks at least that hold a word which another one is taken for
_SPELLABLE = re.compile(r"[a-z]{5,}", re.IGNORECASE)
_EVERYBODY, _NOBODY = 0, -1


@dataclass(frozen=True)
class WordBlock:
    """All words of one document, whose owner alone finds them (None: everybody does)."""

    document_id: UUID
    owner_id: UUID | None
    counts: WordCounts


class Postings:
    """Memory: 4 bytes for each chunk and word in it (50 MB for 100,000 chunks of 1,000 characters).

    A stem's postings are 32-bit numbers: the row of a chunk, and in the low byte the word's weight
    there, so at most 16.7 million rows. Rows are only added; a removed one belongs to nobody.
    """

    def __init__(self) -> None:
        self._stems: dict[str, int] = {}
        self._postings: list[array[int]] = []
        self._numbers = np.zeros(0, np.int64)
        self._lengths = np.zeros(0, np.float32)
        self._owners = np.zeros(0, np.int32)
        self._owner_codes: dict[UUID | None, int] = {None: _EVERYBODY}
        self._rows: dict[UUID, tuple[int, int]] = {}
        self._lock = threading.Lock()

    def update(self, blocks: Sequence[WordBlock], removed: Collection[UUID]) -> None:
        """Forget the ``removed`` documents, then hold ``blocks`` instead of what was there."""
        with self._lock:
            for document_id in {*removed, *(block.document_id for block in blocks)}:
                start, end = self._rows.pop(document_id, (0, 0))
                self._owners[start:end] = _NOBODY
            dead = np.count_nonzero(self._owners == _NOBODY)
            if dead > _DEAD_SHARE * len(self._owners):
                self._write_anew()
            if blocks:
                self._add(blocks)

    def match(
        self,
        words: Sequence[str],
        owner_id: UUID,
        limit: int,
        within: Collection[UUID] | None = None,
    ) -> list[WordMatch]:
        """The chunks that the owner may see and that hold one of the words, best first."""
        with self._lock:
            scores = self._scores([self._stems[s] for s in stems_of(words) if s in self._stems])
            scores[~self._visible(owner_id, within)] = 0
            found = np.flatnonzero(scores)
            if len(found) > limit:
                found = found[np.argpartition(-scores[found], limit)[:limit]]
            best = found[np.lexsort((self._numbers[found], -scores[found]))]
            return [WordMatch(int(self._numbers[row]), float(scores[row])) for row in best]

    def unknown(self, words: Sequence[str]) -> list[str]:
        """Those whose stem stands nowhere."""
        with self._lock:
            stems = stems_of(words)
            return [
                word for word, stem in zip(words, stems, strict=True) if stem not in self._stems
            ]

    def likeliest(self, words: Sequence[str], owner_id: UUID) -> str | None:
        """The word that stands in most of the owner's chunks; None for all that are seldom seen."""
        with self._lock:
            visible = self._visible(owner_id, None)
            counts = {
                word: int(np.count_nonzero(visible[np.frombuffer(held, np.uint32) >> 8]))
                for word, stem in zip(words, stems_of(words), strict=True)
                if stem in self._stems and (held := self._postings[self._stems[stem]])
            }
        best = max(sorted(counts), key=lambda word: counts[word], default=None)
        return best if best is not None and counts[best] >= _FREQUENT else None

    def _add(self, blocks: Sequence[WordBlock]) -> None:
        first = len(self._numbers)
        owners = []
        for block in blocks:
            rows = len(block.counts.numbers)
            code = self._owner_codes.setdefault(block.owner_id, len(self._owner_codes))
            owners.append(np.full(rows, code, np.int32))
            self._rows[block.document_id] = (first, first + rows)
            self._add_postings(first, block.counts)
            first += rows
        counts = [block.counts for block in blocks]
        self._numbers = np.concatenate([self._numbers, *(one.numbers for one in counts)])
        self._lengths = np.concatenate([self._lengths, *(one.lengths for one in counts)]).astype(
            np.float32
        )
        self._owners = np.concatenate([self._owners, *owners])

    def _add_postings(self, first: int, counts: WordCounts) -> None:
        packed = memoryview((counts.postings + np.uint32(first << 8)).tobytes())
        start = 0
        for stem, end in zip(counts.stems, (4 * counts.ends).tolist(), strict=True):
            number = self._stems.setdefault(stem, len(self._postings))
            if number == len(self._postings):
                self._postings.append(array("I"))
            self._postings[number].frombytes(packed[start:end])
            start = end

    def _write_anew(self) -> None:
        alive = self._owners != _NOBODY
        place = (np.cumsum(alive) - 1).astype(np.uint32)
        for stem, held in enumerate(self._postings):
            packed = np.frombuffer(held, np.uint32)
            packed = packed[alive[packed >> 8]]
            moved = place[packed >> 8] << 8 | packed & 255
            self._postings[stem] = array("I", moved.tobytes())
        self._rows = {
            document_id: (int(place[start]), int(place[start]) + end - start)
            for document_id, (start, end) in self._rows.items()
            if end > start
        }
        self._numbers, self._lengths = self._numbers[alive], self._lengths[alive]
        self._owners = self._owners[alive]

    def _scores(self, stems: Sequence[int]) -> npt.NDArray[np.float32]:
        scores = np.zeros(len(self._numbers), np.float32)
        alive = self._owners != _NOBODY
        total = np.count_nonzero(alive)
        mean = max(1.0, float(self._lengths[alive].mean())) if total else 1.0
        longer = _SATURATION * (1 - _LENGTH_SHARE + _LENGTH_SHARE * self._lengths / mean)
        for stem in stems:
            packed = np.frombuffer(self._postings[stem], np.uint32)
            rows = packed >> 8
            times = (packed & 255).astype(np.float32) / IN_TEXT
            holding = np.count_nonzero(alive[rows])
            idf = max(math.log((total - holding + 0.5) / (holding + 0.5)), _LEAST_IDF)
            scores[rows] += idf * times * (_SATURATION + 1) / (times + longer[rows])
        return scores

    def _visible(self, owner_id: UUID, within: Collection[UUID] | None) -> npt.NDArray[np.bool_]:
        own = self._owner_codes.get(owner_id, _EVERYBODY)
        visible: npt.NDArray[np.bool_] = (self._owners == _EVERYBODY) | (self._owners == own)
        if within is None:
            return visible
        narrowed = np.zeros_like(visible)
        for document_id in within:
            start, end = self._rows.get(document_id, (0, 0))
            narrowed[start:end] = visible[start:end]
        return narrowed


class MemoryWordIndex:
    """Keeps the postings level with the database, whichever process wrote to it.

    ``dictionary`` holds words that are no slips though the library has never seen them.
    """

    def __init__(
        self, transactions: Transactions, dictionary: Collection[str] = frozenset()
    ) -> None:
        self._transactions = transactions
        self._dictionary = dictionary
        self._postings = Postings()
        self._revision = -1
        self._held: dict[UUID, int] = {}
        self._lock = asyncio.Lock()

    async def refresh(self) -> None:
        """One small query when nothing has changed."""
        async with self._transactions.read() as session:
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
            likeliest = self._postings.likeliest(sorted(slips_of(word)), owner_id)
            if likeliest is not None:
                meant[word] = likeliest
        return _SPELLABLE.sub(lambda found: meant.get(found[0].lower(), found[0]), query)

    def _strange(self, query: str) -> list[str]:
        words = list(dict.fromkeys(word.lower() for word in _SPELLABLE.findall(query)))
        return [one for one in self._postings.unknown(words) if one not in self._dictionary]

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
