"""Links on the wire, and what whoever has one gets to see."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from crescendai.feedback.schemas import Feedback
from crescendai.recordings.schemas import Analysis

MAX_LIFE_DAYS = 3650
LifeDays = Annotated[int, Field(ge=1, le=MAX_LIFE_DAYS)]


class ShareRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    recording_id: UUID
    expires_in_days: LifeDays | None = Field(None, description="Without it, until revoked.")


class Share(BaseModel):
    """A link as it can be seen later: all but its token. Times are in ms."""

    share_id: UUID
    recording_id: UUID
    created_at: int
    expires_at: int | None
    state: Literal["active", "expired"]


class NewShare(Share):
    token: str = Field(description="Shown this once; the server keeps only its hash.")
    path: str = Field(description="Of the page, on this server: `/shared/{token}`.")


class Shares(BaseModel):
    items: list[Share]


class SharedRecording(BaseModel):
    """One recording, to be looked at and heard; nothing that leads to anything else of its owner.

    ``feedback`` is the newest, null where none was asked for.
    """

    filename: str
    format: Literal["wav", "mp3", "m4a"]
    duration: float
    created_at: int
    expires_at: int | None
    analysis: Analysis
    feedback: Feedback | None
