from __future__ import annotations

from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from crescendai.kit.sql import Base


class RepeatRow(Base):
    """A caller's key, and what its request came to.

    ``state``: running (until ``until``, which the process at work moves on), kept, or withheld.
    ``location`` is where a kept stream can be read again; any other answer is in ``body``.
    """

    __tablename__ = "idempotency_keys"

    owner_id: Mapped[UUID] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    key: Mapped[str] = mapped_column(primary_key=True)
    request: Mapped[str]
    claim: Mapped[UUID] = mapped_column(index=True)
    state: Mapped[str]
    fingerprint: Mapped[str | None]
    status: Mapped[int | None]
    content_type: Mapped[str | None]
    location: Mapped[str | None]
    body: Mapped[bytes | None]
    until: Mapped[int] = mapped_column(BigInteger, index=True)
