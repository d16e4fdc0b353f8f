"""A server that is killed again and again keeps its word; ``bench.kills`` goes on for longer."""

from __future__ import annotations

from pathlib import Path

from tests.fixtures.engines import engine_settings
from tests.fixtures.kills import drive
from tests.fixtures.postgresql import PostgreSQL
from tests.fixtures.running import running
from tests.fixtures.seaweedfs import S3Server


def holds_its_word(data_dir: Path, kills: int, **environment: str) -> None:
    with running(data_dir, **environment) as server:
        tally = drive(server, kills, seed=8, longest_pause_sec=2.0)
    assert not tally.wrong, "\n".join(tally.wrong)
    assert tally.kills == kills
    for what in ("recording sent", "document sent", "turn ended", "context kept", "key made"):
        assert tally.done.get(what), f"There was no {what}: {tally.done}"


def test_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    holds_its_word(tmp_path, 10)


def test_nor_on_the_production_engines(
    tmp_path: Path, postgresql: PostgreSQL, redis_port: int, s3: S3Server
) -> None:
    holds_its_word(tmp_path, 6, **engine_settings(postgresql, redis_port, s3))
