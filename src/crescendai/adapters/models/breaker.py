"""A circuit breaker: a service that keeps failing is left alone for a while."""

from __future__ import annotations

import time
from collections.abc import Callable

FAILURES = 5
REST_SEC = 30.0


class Breaker:
    """After some failures in a row nothing is let through; then one try at a time, until one
    succeeds. ``clock`` counts seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures = 0
        self._rests_until = 0.0
        self._trying = False

    def lets_through(self) -> bool:
        if self._failures < FAILURES:
            return True
        if self._trying or self._clock() < self._rests_until:
            return False
        self._trying = True
        return True

    def succeeded(self) -> None:
        self._failures, self._trying = 0, False

    def failed(self) -> None:
        self._failures += 1
        self._rests_until = self._clock() + REST_SEC
        self._trying = False

    def left(self) -> None:
        """It was given up before it was known how it goes."""
        self._trying = False
