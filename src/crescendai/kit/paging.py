"""Keyset pages: newest first by (created_at, id), with an opaque cursor."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar
from uuid import UUID

from crescendai.errors import InvalidInput


class Row(Protocol):
    """Anything that has a place in a keyset order."""

    @property
    def created_at(self) -> int: ...

    @property
    def id(self) -> UUID: ...


T = TypeVar("T")
R = TypeVar("R", bound=Row)

DEFAULT_LIMIT = 50
MAX_LIMIT = 200


@dataclass(frozen=True)
class Position:
    """The last row of a page; the next page starts after it."""

    created_at: int
    id: UUID


@dataclass(frozen=True)
class Page(Generic[T]):
    items: Sequence[T]
    next_cursor: str | None


def encode_cursor(position: Position) -> str:
    raw = f"{position.created_at}.{position.id.hex}".encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def decode_cursor(cursor: str | None) -> Position | None:
    """Read a cursor made by :func:`encode_cursor`. Raises InvalidInput for anything else."""
    if cursor is None:
        return None
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
        created_at, _, identifier = raw.partition(".")
        position = Position(int(created_at), UUID(identifier))
    except (ValueError, binascii.Error) as error:
        raise InvalidInput(
            "cursor_invalid",
            "The cursor is not one that this server gave out; start again without it.",
        ) from error
    if not 0 <= position.created_at < 2**63:
        raise InvalidInput("cursor_invalid", "The cursor is not one that this server gave out.")
    return position


def cut(rows: Sequence[R], limit: int) -> tuple[Sequence[R], str | None]:
    """One page of rows that were asked for with ``limit + 1``, and the cursor to the next."""
    if len(rows) <= limit:
        return rows, None
    shown = rows[:limit]
    return shown, encode_cursor(Position(shown[-1].created_at, shown[-1].id))
