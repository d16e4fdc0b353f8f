"""Which of a benchmark's processes used the processor meanwhile, by what they are."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
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


def used_sec(folder: Path) -> dict[str, float]:
    """Seconds until now: of those that work in ``folder`` or come from this process, of their
    children that have ended, and of this process itself, the client."""
    used: dict[str, float] = defaultdict(float)
    found = dict(filter(None, map(_seen, Path("/proc").glob("[0-9]*"))))
    for pid, one in found.items():
        if folder in one.works_in.parents or _comes_from(os.getpid(), pid, found):
            kind = next((kind for kind, sign in _KINDS if sign in one.command), "others")
            used[kind] += one.used_sec
    own = os.times()
    used["the client"] = own.user + own.system
    return used


@dataclass(frozen=True)
class _Process:
    parent: int
    command: str
    works_in: Path
    used_sec: float


def _seen(folder: Path) -> tuple[int, _Process] | None:
    try:
        command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        fields = (folder / "stat").read_text().rpartition(")")[2].split()
        works_in = (folder / "cwd").readlink()
    except OSError:  # it has ended meanwhile
        return None
    used_sec = sum(map(int, fields[11:15])) / _TICKS
    return int(folder.name), _Process(int(fields[1]), command, works_in, used_sec)


def _comes_from(ancestor: int, pid: int, found: Mapping[int, _Process]) -> bool:
    one = found.get(pid)
    return one is not None and (one.parent == ancestor or _comes_from(ancestor, one.parent, found))


def described(before: dict[str, float], after: dict[str, float], wall_sec: float) -> str:
    """Each kind's share of one core, the largest first, and of all cores together."""
    spent = {kind: (after[kind] - before.get(kind, 0)) / wall_sec for kind in after}
    listed = sorted(spent.items(), key=lambda one: -one[1])
    shares = ", ".join(f"{kind} {share:.0%}" for kind, share in listed)
    return f"processor time, of one core: {shares}; together {sum(spent.values()):.0%}"
