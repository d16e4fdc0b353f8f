"""What a child process that reads untrusted files does to itself before it opens one."""

from __future__ import annotations

import resource


def limit_this_process(*, memory_bytes: int, cpu_sec: int, file_bytes: int) -> None:
    """Cap address space, processor time and the size of any file written, for good."""
    for what, limit in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_CPU, cpu_sec),
        (resource.RLIMIT_FSIZE, file_bytes),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (limit, limit))
