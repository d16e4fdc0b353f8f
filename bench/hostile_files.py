"""Hostile and damaged files over HTTP: ``python -m bench.hostile_files``.

Sends the files of ``tests/flows/test_hostile_files.py`` to a real server, two at a time, and
prints, beside the limit that each figure has to hold: the time until a file is refused, another
caller's waiting time meanwhile, and the most memory and processor time of a child. The times mean
something on an idle machine only.
"""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

from tests.fixtures.running import running
from tests.fixtures.siege import besiege, hostile_files

AT_ONCE = 2
PATIENCE_SEC = 120.0


def main() -> None:
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as server:
        began = time.monotonic()
        siege = besiege(server, hostile_files(), at_once=AT_ONCE, patience_sec=PATIENCE_SEC)
        whole_sec = time.monotonic() - began
    refused = [answer for answer in siege.answers if answer.is_clear_refusal]
    slowest = sorted(siege.answers, key=lambda answer: -answer.took_sec)
    waits_sec = sorted(siege.waits_sec)
    print(f"load before the start {load:.1f}; {whole_sec:.0f} s in all")
    print("| hostile files | measured | limit |\n|---|---|---|")
    print(f"| refused with a sentence | {len(refused)} of {len(siege.answers)} | all |")
    print(f"| slowest answer | {slowest[0].took_sec:.1f} s | 10 s |")
    print(f"| median answer | {slowest[len(slowest) // 2].took_sec:.2f} s | |")
    print(f"| another caller, median wait | {waits_sec[len(waits_sec) // 2] * 1000:.0f} ms | |")
    print(f"| another caller, longest wait | {waits_sec[-1] * 1000:.0f} ms | 3,000 ms |")
    print(f"| another caller, not answered | {len(siege.failures)} | 0 |")
    print(f"| most memory of a child | {siege.peak_bytes / 1e6:.0f} MB | 1,000 MB |")
    print(f"| most processor time of a child | {siege.peak_cpu_sec:.1f} s | 10 s |")
    print("\nThe slowest:")
    for answer in slowest[:8]:
        print(f"  {answer.took_sec:5.1f} s  {answer.outcome}  {answer.name}")
    for answer in siege.answers:
        if not answer.is_clear_refusal:
            print(f"NOT REFUSED: {answer}")


if __name__ == "__main__":
    main()
