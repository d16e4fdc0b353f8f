from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import JSON, BigInteger, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from crescendai.kit.sql import Base


class FeedbackRow(Base):
    """``body`` is the feedback as it is sent, without ids, model and time.

    ``made_with`` names the versions it came from: model, prompt and library.
    """

    __tablename__ = "feedback"
    __table_args__ = (
        Index("ix_feedback_recording_id_created_at_id", "recording_id", "created_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    owner_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    recording_id: Mapped[UUID] = mapped_column(ForeignKey("recordings.id", ondelete="CASCADE"))
    body: Mapped[dict[str, Any]] = mapped_column(JSON)
    model: Mapped[str]
    made_with: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    created_at: Mapped[int] = mapped_column(BigInteger)
