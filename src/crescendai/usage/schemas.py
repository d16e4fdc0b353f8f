"""The wire: what language models cost a caller."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel

Kind = Literal["chat", "feedback"]


class DayUsage(BaseModel):
    """A day's tokens (UTC), by what they were spent on and the model that answered."""

    day: str
    kind: Kind
    model: str
    prompt_tokens: int
    completion_tokens: int


class QuotaState(BaseModel):
    """``limit`` is null where there is none."""

    used: float
    limit: int | None


class QuotaStates(BaseModel):
    """Minutes and tokens of the last 24 hours; bytes as they are now."""

    analysis_minutes: QuotaState
    llm_tokens: QuotaState
    storage_bytes: QuotaState


class UsageReport(BaseModel):
    """Newest day first."""

    items: list[DayUsage]
    quotas: QuotaStates | None = None
