"""The text models behind the library, and what of a passage they read and make."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from crescendai.knowledge.readings import Readings, key, packaged
from crescendai.knowledge.tables import ChunkRow
from crescendai.ports.embedding import Embedder, Reranker, Vectors

EmbedderByName = Callable[[str], Embedder | None]


def _none(_model_id: str) -> None:
    return None


@dataclass(frozen=True)
class TextModels:
    """An embedder and a reranker; :attr:`id` names the pair.

    ``earlier`` opens another embedder by its ``model_id``, so that an index which it has made can
    be searched until a new one is made; None where that cannot be opened here. ``known``
    is what was read beforehand.
    """

    embedder: Embedder
    reranker: Reranker
    earlier: EmbedderByName = _none
    known: Readings = field(default_factory=packaged)

    @property
    def id(self) -> str:
        return f"{self.embedder.model_id}+{self.reranker.model_id}"

    @property
    def ids(self) -> tuple[str, str]:
        return self.embedder.model_id, self.reranker.model_id

    def embedder_named(self, model_id: str | None) -> Embedder | None:
        """The embedder with that id; the present one for no id."""
        if model_id is None or model_id == self.embedder.model_id:
            return self.embedder
        return self.earlier(model_id)

    async def read(self, title: str, chunks: Sequence[ChunkRow]) -> list[dict[str, bytes]]:
        """What each model makes of each chunk, by its id: to be stored as it is.

        A window is embedded with the document's title before it, which says what it is about. What
        :attr:`known` holds is taken from there.
        """
        read = passages(title, chunks)
        made = [
            {
                one: self.known[key(one, passage)]
                for one in self.ids
                if key(one, passage) in self.known
            }
            for passage in read
        ]
        unread = [at for at, one in enumerate(made) if len(one) < len(self.ids)]
        if unread:
            for at, one in zip(unread, await self.make([read[at] for at in unread]), strict=True):
                made[at] = one
        return made

    async def make(self, read: Sequence[Sequence[str]]) -> list[dict[str, bytes]]:
        """The same of passages that nobody has read before."""
        vectors = await self.embedder.embed([text for passage in read for text in passage])
        kept = await self.reranker.prepare(read)
        made = []
        at = 0
        for passage, prepared in zip(read, kept, strict=True):
            own = vectors[at : at + len(passage)]
            at += len(passage)
            made.append(
                {self.embedder.model_id: write_vectors(own), self.reranker.model_id: prepared}
            )
        return made


def passages(title: str, chunks: Sequence[ChunkRow]) -> list[list[str]]:
    """What a model reads of each chunk: its windows, each after the document's title."""
    return [[f"{title}. {text}" for text in _windows(chunk)] for chunk in chunks]


def write_vectors(vectors: Vectors) -> bytes:
    return vectors.astype(np.float16).tobytes()


def read_vectors(data: bytes, dimensions: int) -> npt.NDArray[np.float32]:
    """A chunk's vectors as they are stored, (n, dimensions)."""
    return np.frombuffer(data, dtype=np.float16).reshape(-1, dimensions).astype(np.float32)


def _windows(chunk: ChunkRow) -> list[str]:
    spans = chunk.windows or [[0, len(chunk.text)]]
    return [chunk.text[start:end] for start, end in spans]
