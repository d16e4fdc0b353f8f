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


class UsageReport(BaseModel):
    """Newest day first."""

    items: list[DayUsage]
