"""Memory, descriptors and files stay flat: ``python -m bench.soak [--minutes 30]``.

Uses a real server from four sides at a time without pause and looks every 5 seconds at the memory
and the open descriptors of the server and its workers, and at the size of the write-ahead log.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from tests.fixtures.kills import Tally, everybody
from tests.fixtures.running import Server, resident_mb, running

_EVERY_SEC = 5.0


@dataclass(frozen=True)
class Sample:
    """Memory in MB, descriptors as a count, the log in MB."""

    server_memory_mb: float
    worker_memory_mb: float
    server_descriptors: float
    worker_descriptors: float
    write_ahead_log_mb: float


def look(server: Server) -> Sample:
    assert server.process is not None
    workers = server.worker_pids()
    log = server.data_dir / "crescendai.db-wal"
    return Sample(
        resident_mb(server.process.pid),
        sum(map(resident_mb, workers)),
        _descriptors(server.process.pid),
        sum(map(_descriptors, workers)),
        log.stat().st_size / 1e6 if log.exists() else 0.0,
    )


def _descriptors(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    options = parser.parse_args()
    tally, samples = Tally(), []
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as server:
        actors = everybody(server.url, 1, tally)
        for actor in actors:
            actor.start()
        ends = time.monotonic() + options.minutes * 60
        while time.monotonic() < ends:
            time.sleep(_EVERY_SEC)
            samples.append(look(server))
        for actor in actors:
            actor.stopping.set()
    print_table(samples, tally)
    raise SystemExit(bool(tally.wrong))


def print_table(samples: Sequence[Sample], tally: Tally) -> None:
    """The second fifth, when all is warm, beside the last one."""
    fifth = max(1, len(samples) // 5)
    print(", ".join(f"{count} {what}" for what, count in sorted(tally.done.items())))
    print("| what | second fifth | last fifth | highest |")
    print("|---|---|---|---|")
    for column, field in enumerate(fields(Sample)):
        values = [astuple(sample)[column] for sample in samples]
        warm = statistics.median(values[fifth : 2 * fifth] or values)
        last = statistics.median(values[-fifth:])
        print(f"| {field.name.replace('_', ' ')} | {warm:.0f} | {last:.0f} | {max(values):.0f} |")
    for wrong in tally.wrong:
        print(f"WRONG: {wrong}")


if __name__ == "__main__":
    main()
