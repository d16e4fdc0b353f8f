"""Text models in a folder laid out like the hub's: ``onnx/model.onnx`` and ``tokenizer.json``."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from crescendai.adapters.models.network import SIDE_BY_SIDE, Network
from crescendai.errors import UpstreamFailed
from crescendai.ports.embedding import Vectors

if TYPE_CHECKING:
    from tokenizers import Encoding, Tokenizer

GRAPH = "onnx/model.onnx"
TOKENIZER = "tokenizer.json"
MAX_TOKENS = 512
_BATCH_TEXTS = 8

Texts = Sequence[str] | Sequence[tuple[str, str]]


class OnnxFolder:
    """A graph and its tokenizer, opened at first use and shared by threads.

    ``find`` gives the folder; it may take its time, and raise an error of ours. All that is called
    here blocks: call it in a thread.
    """

    def __init__(self, find: Callable[[], Path]) -> None:
        self._find = find
        self._lock = threading.Lock()
        self._opened: tuple[Network, Tokenizer] | None = None

    def run(self, texts: Texts) -> list[npt.NDArray[np.float32]]:
        """The graph's first output for each text, or pair of texts, in order."""
        network, tokenizer = self._open()
        request = network.request()
        outputs: list[npt.NDArray[np.float32]] = [np.zeros(0, np.float32)] * len(texts)
        encodings = tokenizer.encode_batch(list(texts))
        order = sorted(range(len(texts)), key=lambda at: len(encodings[at].ids))
        for start in range(0, len(order), _BATCH_TEXTS):
            batch = order[start : start + _BATCH_TEXTS]
            inputs = _inputs(network.inputs, [encodings[at] for at in batch])
            (first, *_) = request.run(inputs)
            for row, at in enumerate(batch):
                outputs[at] = first[row].copy()
        return outputs

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Uncut, and without the marks around each text."""
        _, tokenizer = self._open()
        encodings = tokenizer.encode_batch(list(texts), add_special_tokens=False)
        return [len(one.ids) + sum(len(more.ids) for more in one.overflowing) for one in encodings]

    def _open(self) -> tuple[Network, Tokenizer]:
        with self._lock:
            if self._opened is None:
                folder = self._find()
                from tokenizers import Tokenizer  # slow to import, so not before it is asked for

                network = Network(folder / GRAPH, at_once=SIDE_BY_SIDE)
                tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
                tokenizer.no_padding()
                tokenizer.enable_truncation(MAX_TOKENS)
                self._opened = network, tokenizer
            return self._opened


class FolderEmbedder:
    """The state of the first token ([CLS]) at unit length, as the BGE models are trained."""

    def __init__(
        self, model: OnnxFolder, *, model_id: str, dimensions: int, before_query: str = ""
    ) -> None:
        self._model = model
        self.model_id = model_id
        self.dimensions = dimensions
        self.before_query = before_query

    async def embed(self, texts: Sequence[str]) -> Vectors:
        if not texts:
            return np.zeros((0, self.dimensions), np.float32)
        states = np.stack([rows[0] for rows in await asyncio.to_thread(self._model.run, texts)])
        if states.shape[1] != self.dimensions:
            raise UpstreamFailed(
                "embedding_dimensions",
                f"The folder of {self.model_id} holds another model: its vectors have "
                f"{states.shape[1]} dimensions, not {self.dimensions}.",
            )
        vectors: Vectors = states / np.linalg.norm(states, axis=1, keepdims=True)
        return vectors

    async def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return await asyncio.to_thread(self._model.count_tokens, texts)


class FolderReranker:
    """A cross-encoder reads query and passage together, so a passage is kept as its text."""

    def __init__(self, model: OnnxFolder, *, model_id: str) -> None:
        self._model = model
        self.model_id = model_id

    async def prepare(self, passages: Sequence[Sequence[str]]) -> list[bytes]:
        return ["\n".join(texts).encode() for texts in passages]

    async def rerank(self, query: str, prepared: Sequence[bytes]) -> list[float]:
        """The logistic function of the model's logit; 0 for a passage without text."""
        scores = [0.0] * len(prepared)
        worded = [at for at, text in enumerate(prepared) if text]
        if worded:
            pairs = [(query, prepared[at].decode()) for at in worded]
            for at, (logit, *_) in zip(
                worded, await asyncio.to_thread(self._model.run, pairs), strict=True
            ):
                scores[at] = float(0.5 * (1 + np.tanh(logit / 2)))
        return scores

    async def unmatched(self, query: str, prepared: Sequence[bytes]) -> float | None:
        return None


def _inputs(
    names: frozenset[str], encodings: Sequence[Encoding]
) -> dict[str, npt.NDArray[np.int64]]:
    """What the graph asks for; not all of them ask for token types."""
    shape = len(encodings), max(len(one.ids) for one in encodings)
    offered = {
        name: np.zeros(shape, np.int64)
        for name in ("input_ids", "attention_mask", "token_type_ids")
    }
    for row, one in enumerate(encodings):
        offered["input_ids"][row, : len(one.ids)] = one.ids
        offered["attention_mask"][row, : len(one.ids)] = 1
        offered["token_type_ids"][row, : len(one.ids)] = one.type_ids
    return {name: offered[name] for name in names}
