"""What a child process that reads untrusted files does to itself before it opens one."""

from __future__ import annotations

import resource
from collections.abc import Sequence
from pathlib import Path

from crescendai.adapters.confinement import deny_network_and_programs, deny_other_files

_OPEN_FILES = 64


def limit_this_process(
    *,
    memory_bytes: int,
    cpu_sec: int,
    file_bytes: int,
    readable: Sequence[Path],
    writable: Sequence[Path] = (),
) -> None:
    """Cap address space, processor time and the size of any file written, for good.

    Where the kernel can, nothing but the named files and Python's own can be opened from then on,
    no connection made and no program started.
    """
    for what, limit in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_CPU, cpu_sec),
        (resource.RLIMIT_FSIZE, file_bytes),
        (resource.RLIMIT_NOFILE, _OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (limit, limit))
    deny_other_files(readable, writable)
    deny_network_and_programs()
