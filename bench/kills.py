"""Nothing acknowledged is lost: ``python -m bench.kills [--kills 200] [--seed 1] [--production]``.

Uses a real server by HTTP from four sides at a time (uploads, documents, chat, context and keys),
kills it, its workers or both with SIGKILL at random moments, and compares afterwards what it
has with what it acknowledged: on the embedded stores, or with ``--production`` on PostgreSQL, Redis
and an S3 server. 200 kills take about 25 minutes on two cores.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from tests.fixtures.engines import production
from tests.fixtures.kills import drive
from tests.fixtures.running import running


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--production", action="store_true")
    options = parser.parse_args()
    began = time.monotonic()
    with ExitStack() as opened:
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory()))
        engines = opened.enter_context(production(folder)) if options.production else {}
        server = opened.enter_context(running(folder / "data", **engines))
        tally = drive(server, options.kills, options.seed)
    minutes = (time.monotonic() - began) / 60
    print(f"seed {options.seed}, {minutes:.0f} minutes")
    print("| kills | acknowledged | lost, doubled or damaged | repeated by hand | restart p50 |")
    print("|---|---|---|---|---|")
    done = ", ".join(f"{count} {what}" for what, count in sorted(tally.done.items()))
    restart_sec = statistics.median(tally.restart_sec)
    print(
        f"| {tally.kills} | {done} | {len(tally.wrong)} | {tally.repeated_by_hand} "
        f"| {restart_sec:.1f} s |"
    )
    for wrong in tally.wrong:
        print(f"WRONG: {wrong}")
    raise SystemExit(bool(tally.wrong))


if __name__ == "__main__":
    main()
