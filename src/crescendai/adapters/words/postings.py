"""BM25 in memory: a word's chunks lie ready in one array, so that weighing them is quick.

SQLite's full text weighs every match anew, 7 µs each, and a question's words stand in a third of
all chunks (``docs/decisions/0009``). The scores are those of its ``bm25()``.
"""

from __future__ import annotations

import math
import threading
from array import array
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Self
from uuid import UUID

import numpy as np
import numpy.typing as npt

from crescendai.knowledge.words import IN_TEXT, WordCounts, stems_of
from crescendai.ports.words import WordMatch

_SATURATION, _LENGTH_SHARE = 1.2, 0.75  # BM25's k1 and b
_LEAST_IDF = 1e-6  # of a word that stands in more than half of all chunks
_ROUNDED = np.float32(1 - 1e-5)
_DEAD_SHARE = 0.25  # of the rows may be removed ones before the postings are written anew
_FREQUENT = 3  # chunks at least that hold a word which another one is taken for
_EVERYBODY, _NOBODY = 0, -1


@dataclass(frozen=True)
class WordBlock:
    """All words of one document, whose owner alone finds them (None: everybody does)."""

    document_id: UUID
    owner_id: UUID | None
    counts: WordCounts


@dataclass(frozen=True)
class _Term:
    """A word's postings, by row. To a chunk's score it adds ``most`` at most."""

    packed: npt.NDArray[np.uint32]
    idf: float

    @property
    def most(self) -> float:
        return self.idf * (_SATURATION + 1)


@dataclass(frozen=True)
class _Measures:
    """What every score depends on until the rows change. ``alive`` is None when all rows are.

    ``rows`` are the living ones in the order of their ``numbers``.
    """

    total: int
    longer: npt.NDArray[np.float32]
    alive: npt.NDArray[np.bool_] | None
    numbers: npt.NDArray[np.int64]
    rows: npt.NDArray[np.intp]

    @classmethod
    def of(
        cls,
        alive: npt.NDArray[np.bool_],
        lengths: npt.NDArray[np.float32],
        numbers: npt.NDArray[np.int64],
    ) -> Self:
        total = int(np.count_nonzero(alive))
        rows = np.flatnonzero(alive)
        rows = rows[np.argsort(numbers[rows], kind="stable")]
        mean = max(1.0, float(lengths[alive].mean())) if total else 1.0
        longer = _SATURATION * (1 - _LENGTH_SHARE + _LENGTH_SHARE * lengths / mean)
        some_dead = None if total == len(alive) else alive
        return cls(total, longer.astype(np.float32), some_dead, numbers[rows], rows)


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
        self._measured: _Measures | None = None
        self._lock = threading.Lock()

    def update(self, blocks: Sequence[WordBlock], removed: Collection[UUID]) -> None:
        """Forget the ``removed`` documents, then hold ``blocks`` instead of what was there."""
        with self._lock:
            for document_id in {*removed, *(block.document_id for block in blocks)}:
                start, end = self._rows.pop(document_id, (0, 0))
                self._owners[start:end] = _NOBODY
            self._measured = None
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
            terms = self._terms(words)
            found, scores = self._weigh(terms, self._visible(owner_id, within), limit)
            if len(found) > limit:
                best = np.argpartition(-scores, limit)[:limit]
                found, scores = found[best], scores[best]
            order = np.lexsort((self._numbers[found], -scores))
            numbers = self._numbers[found[order]].tolist()
            pairs = zip(numbers, scores[order].tolist(), strict=True)
            return [WordMatch(number, score) for number, score in pairs]

    def scores(self, words: Sequence[str], numbers: Collection[int]) -> dict[int, float]:
        """Of those of the chunks that hold one of the words."""
        with self._lock:
            measures, wanted = self._measures, np.array(sorted(numbers), np.int64)
            places = np.searchsorted(measures.numbers, wanted)
            known = np.searchsorted(measures.numbers, wanted, side="right") > places
            rows = measures.rows[places[known]]
            scores = self._added(self._terms(words), rows)
            pairs = zip(wanted[known].tolist(), scores.tolist(), strict=True)
            return {number: score for number, score in pairs if score > 0}

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
        left: dict[str, array[int]] = {}
        for stem, number in self._stems.items():
            packed = np.frombuffer(self._postings[number], np.uint32)
            packed = packed[alive[packed >> 8]]
            if len(packed):  # a word that stands nowhere any more is not known any more
                moved = place[packed >> 8] << 8 | packed & 255
                left[stem] = array("I", moved.tobytes())
        self._stems = {stem: number for number, stem in enumerate(left)}
        self._postings = list(left.values())
        self._rows = {
            document_id: (int(place[start]), int(place[start]) + end - start)
            for document_id, (start, end) in self._rows.items()
            if end > start
        }
        self._numbers, self._lengths = self._numbers[alive], self._lengths[alive]
        self._owners = self._owners[alive]

    def _terms(self, words: Sequence[str]) -> list[_Term]:
        """The words that stand anywhere, the rarest first."""
        found = [self._stems[stem] for stem in stems_of(words) if stem in self._stems]
        terms = []
        for stem in found:
            packed = np.frombuffer(self._postings[stem], np.uint32)
            alive = self._measures.alive
            holding = len(packed) if alive is None else np.count_nonzero(alive[packed >> 8])
            odds = (self._measures.total - holding + 0.5) / (holding + 0.5)
            terms.append(_Term(packed, max(math.log(odds), _LEAST_IDF)))
        return sorted(terms, key=lambda term: -term.idf)

    def _weigh(
        self, terms: Sequence[_Term], visible: npt.NDArray[np.bool_], limit: int
    ) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.float32]]:
        """Rows and their scores; the ``limit`` best are among them.

        As soon as the words that are left could not lift a row that holds none of the words before
        among the best, they are looked for only in the rows that they could.
        """
        scores = np.zeros(len(self._numbers), np.float32)
        found = np.zeros(0, np.intp)
        left = sum(term.most for term in terms)
        for at, term in enumerate(terms):
            if len(found) > limit:
                least = np.partition(scores[found], -limit)[-limit] * _ROUNDED
                if left < least:
                    found = found[scores[found] + left >= least]
                    return found, scores[found] + self._added(terms[at:], found)
            rows = (term.packed >> 8).astype(np.intp)
            scores[rows] += self._weight(term, term.packed, rows)
            left -= term.most
            found = np.flatnonzero((scores > 0) & visible)
        return found, scores[found]

    def _added(self, terms: Sequence[_Term], rows: npt.NDArray[np.intp]) -> npt.NDArray[np.float32]:
        """What the terms add to the scores of these rows."""
        added = np.zeros(len(rows), np.float32)
        first = rows.astype(np.uint32) << 8
        for term in terms:
            places = np.minimum(np.searchsorted(term.packed, first), len(term.packed) - 1)
            packed = term.packed[places]
            holds = packed >> 8 == rows
            added[holds] += self._weight(term, packed[holds], rows[holds])
        return added

    def _weight(
        self, term: _Term, packed: npt.NDArray[np.uint32], rows: npt.NDArray[np.intp]
    ) -> npt.NDArray[np.float32]:
        times = (packed & 255).astype(np.float32) / np.float32(IN_TEXT)
        share: npt.NDArray[np.float32] = times / (times + self._measures.longer[rows])
        return share * np.float32(term.most)

    @property
    def _measures(self) -> _Measures:
        if self._measured is None:
            self._measured = _Measures.of(self._owners != _NOBODY, self._lengths, self._numbers)
        return self._measured

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
