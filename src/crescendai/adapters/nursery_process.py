"""Forks a child for each job: ``python -m crescendai.adapters.nursery_process MODULE SOCKET``.

MODULE is imported once; a job is its ``main`` with the arguments that come over SOCKET, together
with a socket of its own. There the child's JSON goes and, after a line's end, the status it ended
with. When the other side closes a job's socket its child is killed, and when it closes SOCKET
everything here ends.
"""

from __future__ import annotations

import gc
import importlib
import os
import selectors
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NoReturn

import orjson

_MOST_MESSAGE_BYTES = 1 << 16
_MOST_DESCRIPTORS = 4096

Main = Callable[..., dict[str, Any]]


class Nursery:
    """Single-threaded, so that a fork of it is a whole process."""

    def __init__(self, main: Main, control: socket.socket) -> None:
        self._main = main
        self._control = control
        self._jobs: dict[int, socket.socket] = {}  # by the child's id
        self._ready = selectors.DefaultSelector()
        self._ready.register(control, selectors.EVENT_READ)
        woken, waking = socket.socketpair()
        for one in (woken, waking):
            one.setblocking(False)
        self._woken, self._waking = woken, waking
        self._ready.register(woken, selectors.EVENT_READ)
        signal.set_wakeup_fd(waking.fileno())
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever ends us closes the socket

    def run(self) -> None:
        while True:
            for key, _ in self._ready.select():
                if key.fileobj is self._control:
                    message, sockets, _, _ = socket.recv_fds(self._control, _MOST_MESSAGE_BYTES, 1)
                    if not message:
                        self._end()
                        return
                    self._begin(orjson.loads(message), socket.socket(fileno=sockets[0]))
                elif key.fileobj is self._woken:
                    with suppress(BlockingIOError):
                        self._woken.recv(4096)
                    self._reap()
                elif key.data in self._jobs:  # nobody waits for this child any more
                    self._ready.unregister(key.fileobj)
                    os.kill(key.data, signal.SIGKILL)

    def _begin(self, arguments: list[str], answer: socket.socket) -> None:
        child = os.fork()
        if child == 0:
            _be_child(self._main, arguments, answer.fileno())
        self._jobs[child] = answer
        self._ready.register(answer, selectors.EVENT_READ, child)

    def _reap(self) -> None:
        while self._jobs:
            child, status = os.waitpid(-1, os.WNOHANG)
            if child == 0:
                return
            answer = self._jobs.pop(child)
            with suppress(KeyError):  # killed, because nobody waits for it
                self._ready.unregister(answer)
            with answer, suppress(OSError):
                answer.sendall(b"\n%d" % os.waitstatus_to_exitcode(status))

    def _end(self) -> None:
        for child in self._jobs:
            os.kill(child, signal.SIGKILL)


def _be_child(main: Main, arguments: list[str], answer: int) -> NoReturn:
    """Keeps nothing of what the others have open, and never returns."""
    status = 1
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.dup2(answer, 1)
        os.closerange(3, _MOST_DESCRIPTORS)
        text = orjson.dumps(main(*arguments))
        while text:
            text = text[os.write(1, text) :]
        status = 0
    finally:
        os._exit(status)


if __name__ == "__main__":
    module = importlib.import_module(sys.argv[1])
    gc.collect()
    gc.freeze()  # what is here by now is shared with every child
    Nursery(module.main, socket.socket(fileno=int(sys.argv[2]))).run()
