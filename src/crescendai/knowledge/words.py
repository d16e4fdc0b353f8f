"""What of a text is searched by word: its words' stems, and how often each stands in a chunk."""

from __future__ import annotations

import re
import struct
import unicodedata
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
import Stemmer

from crescendai.knowledge.stop_words import STOP_WORDS

IN_TEXT, IN_CONTEXT = 2, 1  # how much a word weighs in the text, and in the title or a heading
_MOST_WEIGHT = 255
_SIZES = struct.Struct("<4I")
_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class ChunkText:
    number: int
    text: str
    context: str


def words_of(text: str) -> list[str]:
    """Lower case, without accents; an underscore, which marks italics, parts words."""
    text = text.lower().replace("_", " ")
    if not text.isascii():
        parts = unicodedata.normalize("NFD", text)
        text = "".join(one for one in parts if not unicodedata.combining(one))
    return _WORD.findall(text)


def search_words(query: str) -> list[str]:
    """The query's words without the commonest ones, each once; all if nothing else is left."""
    words = list(dict.fromkeys(words_of(query)))
    return [word for word in words if word not in STOP_WORDS] or words


def stems_of(words: Sequence[str]) -> list[str]:
    """By Porter's algorithm of 1980, as SQLite's full text has it."""
    stems: list[str] = Stemmer.Stemmer("porter").stemWords(list(words))
    return stems


class _Stems(dict[str, int]):
    """The number of a word's stem; a new word gets one when it is asked for by ``[]``."""

    def __init__(self) -> None:
        self._stemmer = Stemmer.Stemmer("porter", 0)
        self.numbers: dict[str, int] = {}

    def __missing__(self, word: str) -> int:
        stem = self._stemmer.stemWord(word)
        self[word] = number = self.numbers.setdefault(stem, len(self.numbers))
        return number


@dataclass(frozen=True)
class WordCounts:
    """How often each stem stands in each chunk of a document.

    ``numbers`` are the chunks', ``lengths`` how many words each has. Stem i has the ``postings``
    from ``ends[i - 1]`` to ``ends[i]``: the chunk's place in ``numbers`` and, in the low byte, the
    stem's weight there, counted with :data:`IN_TEXT` and :data:`IN_CONTEXT`.
    """

    numbers: npt.NDArray[np.int64]
    lengths: npt.NDArray[np.uint32]
    stems: list[str]
    ends: npt.NDArray[np.uint32]
    postings: npt.NDArray[np.uint32]

    @classmethod
    def of(cls, chunks: Sequence[ChunkText]) -> Self:
        stems = _Stems()
        terms, counts = array("q"), []
        for chunk in chunks:
            for part in (chunk.text, chunk.context):
                before = len(terms)
                terms.extend(map(stems.__getitem__, words_of(part)))
                counts.append(len(terms) - before)
        weights = np.repeat(np.tile([IN_TEXT, IN_CONTEXT], len(chunks)), counts)
        places = np.repeat(np.repeat(np.arange(len(chunks)), 2), counts)
        keys = np.frombuffer(terms, np.int64) * max(1, len(chunks)) + places
        keys, at = np.unique(keys, return_inverse=True)
        weight = np.minimum(np.bincount(at, weights), _MOST_WEIGHT).astype(np.uint32)
        numbers, places = np.divmod(keys, max(1, len(chunks)))
        return cls(
            numbers=np.array([chunk.number for chunk in chunks], np.int64),
            lengths=np.reshape(counts, (-1, 2)).sum(axis=1).astype(np.uint32),
            stems=list(stems.numbers),
            ends=np.cumsum(np.bincount(numbers, minlength=len(stems.numbers))).astype(np.uint32),
            postings=places.astype(np.uint32) << 8 | weight,
        )

    def pack(self) -> bytes:
        """About 450 bytes a chunk of 1,000 characters."""
        stems = "\n".join(self.stems).encode()
        arrays = (self.numbers, self.lengths, self.ends, self.postings)
        sizes = _SIZES.pack(len(self.numbers), len(self.stems), len(self.postings), len(stems))
        return b"".join((sizes, *(one.tobytes() for one in arrays), stems))

    @classmethod
    def unpack(cls, data: bytes) -> Self:
        chunks, stems, postings, _ = _SIZES.unpack_from(data)
        at = _SIZES.size
        parts: list[npt.NDArray[np.generic]] = []
        for kind, size in (("<i8", chunks), ("<u4", chunks), ("<u4", stems), ("<u4", postings)):
            parts.append(np.frombuffer(data, kind, size, at))
            at += parts[-1].nbytes
        words = data[at:].decode().split("\n") if stems else []
        return cls(parts[0], parts[1], words, parts[2], parts[3])  # type: ignore[arg-type]
