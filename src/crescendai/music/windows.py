"""The 3-second windows that a recording is reported in."""

from __future__ import annotations

import math
from dataclasses import dataclass

WINDOW_SEC = 3.0
SHORTEST_SEC = 0.5


@dataclass(frozen=True)
class Window:
    """One stretch of a recording, in seconds, with its label such as ``0:00-0:03``."""

    start_sec: float
    end_sec: float

    @property
    def timestamp(self) -> str:
        """Both ends as minutes and whole seconds, never after the end itself."""
        return f"{clock(self.start_sec)}-{clock(self.end_sec)}"


def clock(at_sec: float) -> str:
    """Seconds as ``m:ss``, rounded down."""
    minutes, seconds = divmod(int(at_sec + 1e-6), 60)
    return f"{minutes}:{seconds:02d}"


def split_windows(duration_sec: float, window_sec: float = WINDOW_SEC) -> list[Window]:
    """Windows covering the whole duration one after the other.

    The last may be shorter, or longer by a rest under :data:`SHORTEST_SEC`, which is no window.
    """
    if duration_sec <= 0:
        return []
    count = max(math.ceil((duration_sec - SHORTEST_SEC) / window_sec), 1)
    starts = [index * window_sec for index in range(count)]
    return [
        Window(start, end) for start, end in zip(starts, [*starts[1:], duration_sec], strict=True)
    ]
