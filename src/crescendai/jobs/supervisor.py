"""Keeps processes of a server running: started with it, restarted when they die."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

import structlog

_FIRST_PAUSE_SEC = 0.2
_LONGEST_PAUSE_SEC = 30.0
_HEALTHY_AFTER_SEC = 30.0
_STOP_WITHIN_SEC = 5.0

log = structlog.get_logger(__name__)


class Supervisor:
    """``command`` gives the program and arguments of the process in a slot.

    All of them inherit the open files ``pass_fds``.
    """

    def __init__(
        self,
        command: Callable[[str], Sequence[str]],
        slots: Sequence[str],
        pass_fds: Sequence[int] = (),
        stop_within_sec: float = _STOP_WITHIN_SEC,
    ) -> None:
        self._command = command
        self._slots = slots
        self._pass_fds = pass_fds
        self._stop_within_sec = stop_within_sec

    async def run(self) -> None:
        """Supervise until cancelled; then every process is stopped."""
        await asyncio.gather(*(self._keep_running(slot) for slot in self._slots))

    async def _keep_running(self, slot: str) -> None:
        pause_sec = _FIRST_PAUSE_SEC
        while True:
            began = time.monotonic()
            process = await asyncio.create_subprocess_exec(
                *self._command(slot), stdin=asyncio.subprocess.DEVNULL, pass_fds=self._pass_fds
            )
            try:
                code = await process.wait()
            except asyncio.CancelledError:
                await _stop(process, self._stop_within_sec)
                raise
            if time.monotonic() - began > _HEALTHY_AFTER_SEC:
                pause_sec = _FIRST_PAUSE_SEC
            log.warning("process.died", slot=slot, exit_code=code, restart_in_sec=pause_sec)
            await asyncio.sleep(pause_sec)
            pause_sec = min(pause_sec * 2, _LONGEST_PAUSE_SEC)


async def _stop(process: asyncio.subprocess.Process, within_sec: float) -> None:
    with suppress(ProcessLookupError):
        process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(process.wait(), within_sec)
        except TimeoutError:
            process.kill()
            await process.wait()
