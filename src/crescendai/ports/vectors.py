"""The vector index: which chunks are nearest to a query in meaning.

The vectors' home is the database, in the chunk's own transaction. An index searches them there, or
is a copy to search in, brought up to date by whoever holds it, and lost without harm.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class VectorBlock:
    """All vectors of one document, whose owner alone finds them (None: everybody does).

    ``vectors`` (n, dimensions) have unit length; row i belongs to the chunk ``numbers[i]``. A chunk
    may have several vectors, one after the other.
    """

    document_id: UUID
    owner_id: UUID | None
    numbers: npt.NDArray[np.int64]
    vectors: npt.NDArray[np.float32]


@dataclass(frozen=True)
class Neighbour:
    """``similarity`` is the cosine of the query and the chunk's nearest vector."""

    number: int
    similarity: float


class VectorIndex(Protocol):
    """``stored``: it searches the vectors where they are stored, and needs no ``update``."""

    stored: bool

    async def update(self, blocks: Sequence[VectorBlock], removed: Collection[UUID]) -> None:
        """Forget the ``removed`` documents, then hold ``blocks`` instead of what was there."""

    async def nearest(
        self,
        query: npt.NDArray[np.float32],
        owner_id: UUID,
        limit: int,
        within: Collection[UUID] | None = None,
    ) -> list[Neighbour]:
        """The nearest chunks among everybody's and the owner's own, nearest first, each once.

        With ``within`` only those of these documents.
        """
