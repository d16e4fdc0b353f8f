"""Late interaction over MiniLM's token states: each word of the query finds its best match.

The score is the mean, over the query's tokens, of the highest cosine with any token of the
passage. To keep a passage small, its states are projected to 64 dimensions (``projection.npz``,
the leading directions of token states of English texts on piano playing) and stored as int8.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from crescendai.adapters.models.minilm import MiniLM, TokenStates

DIMENSIONS = 64
_PROJECTION = Path(__file__).parent / "weights" / "minilm" / "projection.npz"
_INT8_SCALE = 127.0


class MaxSimReranker:
    """Keeps 64 bytes a token."""

    model_id = "maxsim-minilm-64-int8-1"

    def __init__(self, model: MiniLM) -> None:
        self._model = model

    async def prepare(self, passages: Sequence[Sequence[str]]) -> list[bytes]:
        return await asyncio.to_thread(self._prepare, passages)

    async def rerank(self, query: str, prepared: Sequence[bytes]) -> list[float]:
        return await asyncio.to_thread(self._rerank, query, prepared)

    def _prepare(self, passages: Sequence[Sequence[str]]) -> list[bytes]:
        kept = []
        states = self._model.token_states([text for texts in passages for text in texts])
        at = 0
        for texts in passages:
            own = states[at : at + len(texts)]
            at += len(texts)
            rows = self._project(own)
            kept.append(np.round(rows * _INT8_SCALE).astype(np.int8).tobytes())
        return kept

    def _rerank(self, query: str, prepared: Sequence[bytes]) -> list[float]:
        words = self._project(self._model.token_states([query]))
        scores = []
        for data in prepared:
            tokens = np.frombuffer(data, dtype=np.int8).reshape(-1, DIMENSIONS)
            if len(tokens) == 0 or len(words) == 0:
                scores.append(0.0)
                continue
            cosines = words @ tokens.T.astype(np.float32)
            scores.append(float(cosines.max(axis=1).mean()) / _INT8_SCALE)
        return scores

    def _project(self, texts: Sequence[TokenStates]) -> npt.NDArray[np.float32]:
        """The tokens of the texts, one after the other, as rows of unit length.

        [CLS] and [SEP] stand for no word and are left out.
        """
        tokens = [states[1:-1] for states in texts]
        whole = np.concatenate([np.zeros((0, self._projection.shape[0]), np.float32), *tokens])
        rows = whole @ self._projection
        lengths = np.linalg.norm(rows, axis=1, keepdims=True)
        scaled: npt.NDArray[np.float32] = rows / np.maximum(lengths, 1e-9)
        return scaled

    @cached_property
    def _projection(self) -> npt.NDArray[np.float32]:
        with np.load(_PROJECTION) as stored:
            return np.asarray(stored["projection"], dtype=np.float32)
