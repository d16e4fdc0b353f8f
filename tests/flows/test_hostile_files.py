"""Every hostile and damaged file through a real server.

That each is answered within ten seconds is measured by ``python -m bench.hostile_files`` on a
machine with nothing else to do. Here the processor time of the children is held to that, and the
wall-clock time to what a busy machine may make of it.
"""

from __future__ import annotations

from pathlib import Path

from tests.fixtures.running import running
from tests.fixtures.siege import besiege, hostile_files

AT_ONCE = 4
PATIENCE_SEC = 120.0
CHILD_CPU_SEC = 10.0
CHILD_BYTES = 1_000_000_000


def test_every_hostile_file_is_told_what_is_wrong_with_it(tmp_path: Path) -> None:
    files = hostile_files()
    assert len(files) >= 200
    with running(tmp_path) as server:
        siege = besiege(server, files, at_once=AT_ONCE, patience_sec=PATIENCE_SEC)
    assert len(siege.answers) == len(files)
    assert [answer for answer in siege.answers if not answer.is_clear_refusal] == []
    assert siege.failures == []
    assert len(siege.waits_sec) > 20
    assert 0 < siege.peak_cpu_sec < CHILD_CPU_SEC
    assert 0 < siege.peak_bytes < CHILD_BYTES
