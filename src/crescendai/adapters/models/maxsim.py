"""Late interaction over MiniLM's token states: each word of the query finds its best match.

A window's score is the mean, over the query's tokens, of the highest cosine with any of its tokens;
the passage's as a whole is found likewise. A token counts the more, the rarer it is in texts on
piano playing (``token_weights.npz``). The best window's makes three quarters of the answer, the
whole's the rest: words that stand together mean more than the same words strewn about. To keep a
passage small, its states are projected to 64 dimensions (``projection.npz``, learnt with the
model) and stored as int8. See ``docs/decisions/0010``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from crescendai.adapters.models.minilm import MiniLM, TokenStates
from crescendai.kit.products import product

DIMENSIONS = 64
WEIGHTS = Path(__file__).parent / "weights" / "minilm"
_INT8_SCALE = 127.0
_OF_WINDOW = 0.75
_COUNT = np.dtype("<u2")
_NO_TOKENS = np.zeros((0, DIMENSIONS), np.int8)


class MaxSimReranker:
    """Keeps 64 bytes a token, after the count of windows and each one's count of tokens."""

    model_id = "maxsim-minilm-piano-2"

    def __init__(self, model: MiniLM) -> None:
        self._model = model

    async def prepare(self, passages: Sequence[Sequence[str]]) -> list[bytes]:
        return await asyncio.to_thread(self._prepare, passages)

    async def rerank(self, query: str, prepared: Sequence[bytes]) -> list[float]:
        return await asyncio.to_thread(self._rerank, query, prepared)

    async def unmatched(self, query: str, prepared: Sequence[bytes]) -> float | None:
        return await asyncio.to_thread(self._unmatched, query, prepared)

    def _prepare(self, passages: Sequence[Sequence[str]]) -> list[bytes]:
        kept = []
        states = self._model.token_states([text for texts in passages for text in texts])
        at = 0
        for texts in passages:
            own = states[at : at + len(texts)]
            at += len(texts)
            rows = np.round(self._project(own) * _INT8_SCALE).astype(np.int8)
            counts = [len(own), *(len(states) - 2 for states in own)]
            kept.append(np.array(counts, dtype=_COUNT).tobytes() + rows.tobytes())
        return kept

    def _rerank(self, query: str, prepared: Sequence[bytes]) -> list[float]:
        """The tokens of all passages are compared in one product, then gathered by window."""
        words, weights = self._read_query(query)
        read = [_read(data) for data in prepared]
        counts = np.concatenate([np.zeros(0, np.int64), *(counts for counts, _ in read)])
        scores = np.zeros(len(prepared))
        if not counts.any() or not weights.any():
            return scores.tolist()
        tokens = np.concatenate([tokens for _, tokens in read]).astype(np.float32)
        cosines = product(tokens, words.T / _INT8_SCALE)
        passages = np.repeat(np.arange(len(read)), [len(counts) for counts, _ in read])
        filled = counts > 0
        nearest = np.maximum.reduceat(cosines, (np.cumsum(counts) - counts)[filled])
        passages, firsts = np.unique(passages[filled], return_index=True)
        weights = weights / weights.sum()
        window = np.maximum.reduceat(nearest @ weights, firsts)
        whole = np.maximum.reduceat(nearest, firsts) @ weights
        scores[passages] = _OF_WINDOW * window + (1 - _OF_WINDOW) * whole
        return scores.tolist()

    def _unmatched(self, query: str, prepared: Sequence[bytes]) -> float:
        """A rare token of the query to which no token of the passages comes near tells most."""
        words, weights = self._read_query(query)
        tokens = np.concatenate([_NO_TOKENS, *(_read(data)[1] for data in prepared)])
        if not len(tokens) or not len(words):
            return 1.0
        nearest = product(tokens.astype(np.float32), words.T / _INT8_SCALE).max(axis=0)
        told = weights / self._token_weights.max() * (1 - nearest)
        return float(np.clip(told.max(), 0, 1))

    def _read_query(self, query: str) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """The query's tokens as rows of unit length, and how much each of them says."""
        [ids] = self._model.token_ids([query])
        words = self._project(self._model.token_states([query]))
        return words, self._token_weights[ids[1:-1]]

    def _project(self, texts: Sequence[TokenStates]) -> npt.NDArray[np.float32]:
        """The tokens of the texts, one after the other, as rows of unit length.

        [CLS] and [SEP] stand for no word and are left out.
        """
        tokens = [states[1:-1] for states in texts]
        whole = np.concatenate([np.zeros((0, self._projection.shape[0]), np.float32), *tokens])
        rows = product(whole, self._projection)
        lengths = np.linalg.norm(rows, axis=1, keepdims=True)
        scaled: npt.NDArray[np.float32] = rows / np.maximum(lengths, 1e-9)
        return scaled

    @cached_property
    def _projection(self) -> npt.NDArray[np.float32]:
        with np.load(WEIGHTS / "projection.npz") as stored:
            return np.asarray(stored["projection"], dtype=np.float32)

    @cached_property
    def _token_weights(self) -> npt.NDArray[np.float32]:
        with np.load(WEIGHTS / "token_weights.npz") as stored:
            return np.asarray(stored["weights"], dtype=np.float32)


def _read(data: bytes) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int8]]:
    """Each window's count of tokens, and the tokens of all of them as rows."""
    if not data:
        return np.zeros(0, np.int64), _NO_TOKENS
    windows = int(np.frombuffer(data, dtype=_COUNT, count=1)[0])
    counts = np.frombuffer(data, dtype=_COUNT, count=windows, offset=_COUNT.itemsize)
    tokens = np.frombuffer(data, dtype=np.int8, offset=_COUNT.itemsize * (1 + windows))
    return counts.astype(np.int64), tokens.reshape(-1, DIMENSIONS)
