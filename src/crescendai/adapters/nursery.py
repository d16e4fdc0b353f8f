"""Limited processes (see :mod:`crescendai.adapters.limited`) that do not begin with nothing.

A process that has imported a module stays, and forks for each file: some milliseconds, where
starting Python and importing again takes a tenth of a second of processor time. Each file has a
process to itself all the same, which takes its rights away before it opens it.
"""

from __future__ import annotations

import asyncio
import atexit
import signal
import socket
import subprocess
from functools import cache
from typing import Any

import orjson

from crescendai.adapters import limited

_ENDS_WITHIN_SEC = 2.0


@cache
def nursery(module: str) -> Nursery:
    """The one of this process for that module."""
    return Nursery(module)


class Nursery:
    """Forks children for a module from its first use until this process ends."""

    def __init__(self, module: str) -> None:
        self._module = module
        self._control: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None
        atexit.register(self.close)

    async def run(self, *arguments: str, wall_sec: float) -> dict[str, Any]:
        """As ``run_limited`` does, with the module's ``main(*arguments)``."""
        ours, theirs = socket.socketpair()
        with theirs:
            self._send(orjson.dumps(arguments), theirs)
        reader, writer = await asyncio.open_connection(sock=ours)
        try:
            said = await asyncio.wait_for(limited.read_answer(reader), wall_sec)
        except TimeoutError as error:
            raise limited.too_complex() from error
        finally:
            writer.close()  # a child that still runs is killed
        output, ended, status = said.rpartition(b"\n")
        return limited.understood(output, int(status) if ended else -signal.SIGKILL)

    def _send(self, message: bytes, answer: socket.socket) -> None:
        for first in (True, False):
            if self._control is None:
                self._start()
            assert self._control is not None
            try:
                socket.send_fds(self._control, [message], [answer.fileno()])
            except OSError:  # it was killed
                self.close()
                if not first:
                    raise
            else:
                return

    def _start(self) -> None:
        ours, theirs = socket.socketpair(type=socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - nothing of it comes from outside
                limited.command(
                    "crescendai.adapters.nursery_process", self._module, str(theirs.fileno())
                ),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=limited.environment(),
                pass_fds=[theirs.fileno()],
            )
        self._control = ours

    def close(self) -> None:
        """End it and the children that run; the next use starts it anew."""
        if self._control is not None:
            self._control.close()
            self._control = None
        if self._process is not None:
            try:
                self._process.wait(_ENDS_WITHIN_SEC)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None
