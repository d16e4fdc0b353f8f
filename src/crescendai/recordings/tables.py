from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from crescendai.kit.sql import Base


class RecordingRow(Base):
    """``status``: queued, analyzing, ready, refused, failed or cancelled. ``percent`` is 0–100."""

    __tablename__ = "recordings"
    __table_args__ = (
        UniqueConstraint("owner_id", "sha256", name="uq_recordings_owner_id_sha256"),
        Index("ix_recordings_owner_id_created_at_id", "owner_id", "created_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    owner_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    filename: Mapped[str]
    format: Mapped[str]
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str]
    status: Mapped[str]
    stage: Mapped[str]
    percent: Mapped[int]
    problem_code: Mapped[str | None]
    problem_reason: Mapped[str | None]
    duration: Mapped[float | None]
    created_at: Mapped[int] = mapped_column(BigInteger)
    updated_at: Mapped[int] = mapped_column(BigInteger)


class AnalysisRow(Base):
    """``document`` is the analysis as it is sent; ``notes`` and ``pedal`` are its .npy arrays."""

    __tablename__ = "analysis_results"

    recording_id: Mapped[UUID] = mapped_column(
        ForeignKey("recordings.id", ondelete="CASCADE"), primary_key=True
    )
    model_version: Mapped[str]
    document: Mapped[dict[str, Any]] = mapped_column(JSON)
    notes: Mapped[bytes] = mapped_column(LargeBinary)
    pedal: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[int] = mapped_column(BigInteger)


class PendingUploadRow(Base):
    """An address was given out for this recording's audio; ``expires_at`` in ms."""

    __tablename__ = "pending_uploads"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    owner_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    filename: Mapped[str]
    expires_at: Mapped[int] = mapped_column(BigInteger)
