"""The wire: what a text rests on, and how much of it held."""

from __future__ import annotations

from uuid import UUID

from pydantic import BaseModel


class Span(BaseModel):
    """A stretch of seconds in a recording, or of characters in a document's text."""

    start: float
    end: float


class Support(BaseModel):
    """What one claim rests on: a value of an analysis, or a passage of the library.

    An analysis's has ``recording_id`` and ``value``, with the ``dimension`` or ``measurement`` it
    is the value of, and the ``segment`` (seconds) unless it is the whole recording's. A passage's
    has ``document``, ``page`` and ``span`` (characters of the document's text).
    """

    recording_id: UUID | None = None
    segment: Span | None = None
    dimension: str | None = None
    measurement: str | None = None
    value: float | None = None
    document: UUID | None = None
    page: int | None = None
    span: Span | None = None


class Verification(BaseModel):
    """``claims`` were written; ``supported`` held as written, ``repaired`` after one repair.

    ``dropped`` are sentences left out. ``supported_ratio`` is supported / claims, 1 without claims.
    """

    claims: int = 0
    supported: int = 0
    repaired: int = 0
    dropped: int = 0
    supported_ratio: float = 1.0
