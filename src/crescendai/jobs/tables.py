from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import JSON, BigInteger, Index
from sqlalchemy.orm import Mapped, mapped_column

from crescendai.kit.sql import Base


class JobRow(Base):
    """``state``: queued, dispatched (the engine has it), done or failed (given up).

    ``owner_id`` is whose thing it works on; NULL for what is everybody's.
    """

    __tablename__ = "jobs"
    __table_args__ = (
        Index("ix_jobs_state_priority_created_at", "state", "priority", "created_at"),
        Index("ix_jobs_owner_id_created_at_id", "owner_id", "created_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    owner_id: Mapped[UUID | None]
    kind: Mapped[str]
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)
    priority: Mapped[int]
    state: Mapped[str]
    attempts: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None]
    created_at: Mapped[int] = mapped_column(BigInteger)
    finished_at: Mapped[int | None] = mapped_column(BigInteger)


class WorkerSlotRow(Base):
    """One running worker; ``seen_at`` is its last sign of life."""

    __tablename__ = "worker_slots"

    slot: Mapped[str] = mapped_column(primary_key=True)
    seen_at: Mapped[int] = mapped_column(BigInteger)
