"""The wall clock in the unit that everything stored and sent uses."""

from __future__ import annotations

import time

DAY_MS = 24 * 60 * 60 * 1000


def now_ms() -> int:
    """Milliseconds since the epoch, UTC."""
    return time.time_ns() // 1_000_000
