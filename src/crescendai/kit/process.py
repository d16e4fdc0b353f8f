"""Two promises a child process of ours makes about its parent and its place."""

from __future__ import annotations

import ctypes
import fcntl
import os
import signal
from pathlib import Path
from typing import IO

_PR_SET_PDEATHSIG = 1


def end_with_parent() -> None:
    """Have the kernel send SIGTERM to this process when its parent dies (Linux only)."""
    try:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    except (AttributeError, OSError):
        return
    if os.getppid() == 1:
        os.kill(os.getpid(), signal.SIGTERM)


def try_lock(path: Path) -> IO[bytes] | None:
    """Hold an exclusive lock on a file for as long as the result is open; None if it is held."""
    file = path.open("wb")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    return file
