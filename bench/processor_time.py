"""Which of a benchmark's processes used the processor meanwhile, by what they are."""

from __future__ import annotations

import os
from collections import defaultdict
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_KINDS = (
    ("web processes", "crescendai serve"),
    ("probing of uploads", "nursery_process"),
    ("PostgreSQL", "postgres"),
    ("Redis", "redis-server"),
    ("S3 server", "weed"),
    ("scripted model", "bench.streaming --serve"),
)
"""What a process is, and what stands in its command line."""


def used_sec() -> dict[str, float]:
    """Seconds until now, of the children that have ended too, and of this process: the client."""
    used: dict[str, float] = defaultdict(float)
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except (OSError, UnicodeDecodeError):  # it has ended meanwhile
            continue
        for kind, sign in _KINDS:
            if sign in command:
                used[kind] += sum(map(int, fields[11:15])) / _TICKS
                break
    own = os.times()
    used["the client"] = own.user + own.system
    return used


def described(before: dict[str, float], after: dict[str, float], wall_sec: float) -> str:
    """Each kind's share of one core, the largest first, and of all cores together."""
    spent = {kind: (after[kind] - before.get(kind, 0)) / wall_sec for kind in after}
    listed = sorted(spent.items(), key=lambda one: -one[1])
    shares = ", ".join(f"{kind} {share:.0%}" for kind, share in listed)
    return f"processor time, of one core: {shares}; together {sum(spent.values()):.0%}"
