"""A server that is killed again and again keeps its word; ``bench.kills`` goes on for longer."""

from __future__ import annotations

from pathlib import Path

from tests.fixtures.kills import drive
from tests.fixtures.running import running

KILLS = 15


def test_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        tally = drive(server, KILLS, seed=8, longest_pause_sec=2.0)
    assert not tally.wrong, "\n".join(tally.wrong)
    assert tally.kills == KILLS
    for what in ("recording sent", "document sent", "turn ended", "context kept", "key made"):
        assert tally.done.get(what), f"There was no {what}: {tally.done}"
