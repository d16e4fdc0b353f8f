"""Text models: one that places texts in a space of meaning, one that orders passages."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]
"""Rows of unit length, shape (n, dimensions)."""

_WORD = re.compile(r"\w+")


class Embedder(Protocol):
    """``model_id`` names model and weights: vectors of two ids cannot be compared.

    The same text gives the same vector, to rounding, in whatever company it is embedded. An empty
    text has a vector too. Text past the model's length is not read.
    """

    @property
    def model_id(self) -> str: ...

    @property
    def dimensions(self) -> int: ...

    @property
    def before_query(self) -> str:
        """What a question begins with, to a model that was trained to be told so; else nothing."""

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """One row a text, in order; (0, dimensions) for no texts. Never blocks the event loop."""

    async def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """How many tokens each text is to the model, uncut; an estimate where only it can tell."""


class Reranker(Protocol):
    """Compares a query with passages word by word, more closely and more dearly than a vector does.

    A passage is prepared once, when it is taken in; the bytes are kept beside it and mean nothing
    to anybody but a reranker of the same ``model_id``.
    """

    @property
    def model_id(self) -> str: ...

    async def prepare(self, passages: Sequence[Sequence[str]]) -> list[bytes]:
        """What to keep of each passage, which comes as the texts its vectors were made of."""

    async def rerank(self, query: str, prepared: Sequence[bytes]) -> list[float]:
        """How well each passage answers the query: higher is better, on the scale of a cosine."""

    async def unmatched(self, query: str, prepared: Sequence[bytes]) -> float | None:
        """How much of what the query says most none of these passages takes up, from 0 to 1.

        None from a reranker that cannot tell.
        """


class ScriptedEmbedder:
    """A deterministic bag of words: texts that share words are near, case and order are ignored."""

    model_id = "scripted-bag-of-words"
    before_query = ""

    def __init__(self, dimensions: int = 64) -> None:
        self.dimensions = dimensions

    async def embed(self, texts: Sequence[str]) -> Vectors:
        rows = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in _words(text):
                digest = hashlib.blake2b(word.encode(), digest_size=8).digest()
                row[int.from_bytes(digest[:4], "big") % self.dimensions] += 1 - 2 * (digest[4] & 1)
            length = float(np.linalg.norm(row))
            if length == 0:
                row[0] = length = 1.0
            row /= length
        return rows

    async def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(_words(text)) for text in texts]


class ScriptedReranker:
    """Scores a passage by the share of the query's words that it holds."""

    model_id = "scripted-word-overlap"

    async def prepare(self, passages: Sequence[Sequence[str]]) -> list[bytes]:
        return [" ".join(texts).encode() for texts in passages]

    async def rerank(self, query: str, prepared: Sequence[bytes]) -> list[float]:
        words = set(_words(query))
        return [len(words & set(_words(text.decode()))) / max(len(words), 1) for text in prepared]

    async def unmatched(self, query: str, prepared: Sequence[bytes]) -> float | None:
        scores = await self.rerank(query, [b" ".join(prepared)])
        return 1 - scores[0]


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())
