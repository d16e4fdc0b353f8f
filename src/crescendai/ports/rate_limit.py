"""Counts calls, so that nobody takes the whole server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Verdict:
    """``remaining`` calls may follow at once; after ``reset_sec`` the oldest one stops counting."""

    allowed: bool
    remaining: int
    reset_sec: float


class RateLimiter(Protocol):
    async def hit(self, key: str, limit: int, window_sec: float) -> Verdict:
        """Count a call, unless there were ``limit`` in the last ``window_sec`` already.

        One step for all processes that share the store: of any number of calls at the same time
        no more than ``limit`` are allowed. Calls that were refused do not count.
        """
