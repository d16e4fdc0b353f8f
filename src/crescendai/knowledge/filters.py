"""What a search may be narrowed to."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from crescendai.errors import SchemaError
from crescendai.music.dimensions import ALL

_KEYS = frozenset(scale.key for scale in ALL)


@dataclass(frozen=True)
class Filters:
    """Only documents for which every given value holds.

    ``level`` also takes documents for all levels. Raises SchemaError for a ``dimension`` that is
    none of the nineteen.
    """

    document_id: UUID | None = None
    type: str | None = None
    level: str | None = None
    dimension: str | None = None

    def __post_init__(self) -> None:
        if self.dimension is not None and self.dimension not in _KEYS:
            raise SchemaError(
                "dimension_unknown",
                "There is no such dimension; GET /api/dimensions lists them.",
                "query.dimension",
            )


EVERYTHING = Filters()
