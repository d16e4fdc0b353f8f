"""A server that is killed again and again keeps its word; ``bench.kills`` goes on for longer."""

from __future__ import annotations

from pathlib import Path

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
    engines = s3.settings | {
        "CRESCENDAI_DATABASE_URL": postgresql.new_database(),
        "CRESCENDAI_CACHE_URL": f"redis://127.0.0.1:{redis_port}/7",
    }
    holds_its_word(tmp_path, 6, **engines)
