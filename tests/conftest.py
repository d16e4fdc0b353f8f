from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as the command line does, before numpy
os.environ["NO_PROXY"] = "127.0.0.1,localhost"  # the servers that tests start are on this machine

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from crescendai.adapters.database.engine import Database
from crescendai.kit.sql import Transactions
from tests.fixtures.postgresql import PostgreSQL, started
from tests.fixtures.redis import redis_server
from tests.fixtures.running import Server, running
from tests.fixtures.seaweedfs import S3Server, s3_server
from tests.fixtures.sounds import PRELUDE, SHARED, encode, piano
from tests.fixtures.sqlite import migrated_sqlite

MakeRecording = Callable[..., Path]


@pytest.fixture(scope="session")
def shared() -> Path:
    if not (SHARED / "audio").is_dir():
        pytest.skip(f"The shared recordings are not at {SHARED}; CRESCENDAI_SHARED names them.")
    return SHARED


@pytest.fixture(scope="session")
def recording(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> MakeRecording:
    """``recording(".mp3", name, start_sec, seconds)``: a real piano recording in that format."""
    folder = tmp_path_factory.mktemp("recordings")

    def make(
        ending: str = ".wav", name: str = PRELUDE, start_sec: float = 0.0, seconds: float = 12.0
    ) -> Path:
        path = folder / f"{name}-{start_sec:g}-{seconds:g}{ending}"
        return path if path.exists() else encode(path, piano(name, start_sec, seconds))

    return make


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """A real server for all tests; each has databases of its own."""
    with started() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An embedded database, then one in a server, both migrated and empty."""
    if request.param == "sqlite":
        return migrated_sqlite(tmp_path)
    server: PostgreSQL = request.getfixturevalue("postgresql")
    return server.emptied_database()


@pytest.fixture
def engine_settings(database_url: str) -> dict[str, str]:
    """What a server is told to use that database; nothing for the embedded one."""
    return {} if database_url.startswith("sqlite") else {"database_url": database_url}


@pytest.fixture
async def transactions(database_url: str) -> AsyncIterator[Transactions]:
    """A migrated database, of either engine."""
    database = Database(database_url)
    yield database.transactions
    await database.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One real server for all tests that only use it as users do."""
    with running(tmp_path_factory.mktemp("server")) as started:
        yield started


@pytest.fixture(scope="session")
def redis_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """One real Redis server; each test uses names of its own."""
    with redis_server(tmp_path_factory.mktemp("redis")) as port:
        yield port


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """One real S3 server for all tests that only store things there."""
    with s3_server(tmp_path_factory.mktemp("s3")) as started:
        yield started
