"""Moving an embedded server's data to PostgreSQL and S3, killed in the middle and begun again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import psycopg
import pytest
from pydantic import SecretStr

from crescendai.adapters.database.engine import Database, sqlite_url
from crescendai.adapters.models.maxsim import MaxSimReranker
from crescendai.adapters.models.minilm import MiniLM, MiniLMEmbedder
from crescendai.jobs import repository as jobs_repository
from crescendai.kit.clock import now_ms
from crescendai.recordings.tables import AnalysisRow
from tests.conftest import MakeRecording
from tests.fixtures.command_line import command
from tests.fixtures.in_process import in_process
from tests.fixtures.postgresql import PostgreSQL
from tests.fixtures.running import wait_until
from tests.fixtures.seaweedfs import S3Server
from tests.knowledge.conftest import opened_library
from tests.test_cli import assert_one_sentence

ARTICLES = ("trills", "octaves", "leaps", "legato")
QUERY = "/api/knowledge/search?q=How+do+I+play+an+even+trill&top_k=5"


async def fill(data: Path, audio: bytes) -> dict[str, Any]:
    """Real documents, a recording with an analysis, a conversation; how the library answers."""
    model = MiniLM()
    async with opened_library(data, MiniLMEmbedder(model), MaxSimReranker(model)) as library:
        owner = await library.identity.ensure_user()
        for name in ARTICLES:
            article = files("crescendai.knowledge") / "handbook" / f"{name}.md"
            await library.take_in(owner, f"my-{name}.md", article.read_bytes())
    async with in_process(data) as client:
        sent = (await client.post("/api/upload", files={"file": ("take.wav", audio)})).json()
        database = Database(sqlite_url(data))
        async with database.transactions.write() as session:
            session.add(
                AnalysisRow(
                    recording_id=UUID(sent["recording_id"]),
                    model_version="1",
                    document={"pace": 0.1, "of": [1, None, "a"]},
                    notes=b"\0\1" * 500,
                    pedal=b"",
                    created_at=1,
                )
            )
        await database.close()
        said = await client.post("/api/chat", json={"message": "How do I play a trill?"})
        assert said.text.endswith("data: [DONE]\n\n")
        return {**await whole_search(client), "recording_id": sent["recording_id"]}


async def whole_search(client: httpx.AsyncClient) -> dict[str, Any]:
    """An answer that went through every stage, for which a busy machine may lack the time."""
    for _ in range(30):
        found: dict[str, Any] = (await client.get(QUERY)).json()
        if found["stages"][-1] == "rerank":
            return found
    raise AssertionError(found["stages"])


def begin(folder: Path, environment: dict[str, str], to: str) -> subprocess.Popen[bytes]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("CRESCENDAI_")}
    return subprocess.Popen(
        [sys.executable, "-m", "crescendai", "migrate-data", "--to", to, "--json"],
        env=kept | {"CRESCENDAI_DATA_DIR": str(folder / "data")} | environment,
        stdout=subprocess.PIPE,
    )


def chunks_in(url: str) -> int:
    try:
        with psycopg.connect(url) as connection:
            row = connection.execute("SELECT count(*) FROM knowledge_chunks").fetchone()
            return int(row[0]) if row else 0
    except psycopg.errors.UndefinedTable:
        return 0


async def test_data_moves_whole_though_the_move_is_killed(
    tmp_path: Path,
    recording: MakeRecording,
    postgresql: PostgreSQL,
    s3: S3Server,
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    audio = recording(".wav", seconds=5).read_bytes()
    before = await fill(data, audio)
    to = postgresql.new_database()
    first = begin(tmp_path, s3.settings, to)
    wait_until(lambda: chunks_in(to) > 0, 60)
    first.send_signal(signal.SIGKILL)
    first.wait()
    held = chunks_in(to)
    second = begin(tmp_path, s3.settings, to)
    told = json.loads(second.communicate(timeout=300)[0])
    assert told["rows"]["knowledge_chunks"] == chunks_in(to) >= held
    assert told["rows"]["recordings"] == told["rows"]["analysis_results"] == 1
    assert told["rows"]["chat_messages"] >= 2
    assert told["objects"] == told["rows"]["recordings"] + told["rows"]["knowledge_documents"]
    settings = {name.removeprefix("CRESCENDAI_").lower(): v for name, v in s3.settings.items()}
    async with in_process(tmp_path / "new", database_url=SecretStr(to), **settings) as client:
        found = await whole_search(client)
        assert [(hit["chunk_id"], hit["score"]) for hit in found["results"]] == [
            (hit["chunk_id"], pytest.approx(hit["score"], abs=1e-3)) for hit in before["results"]
        ]
        kept = await client.get(f"/api/recordings/{before['recording_id']}/audio")
        assert kept.content == audio
        sessions = (await client.get("/api/chat/sessions")).json()["items"]
        assert [session["title"] for session in sessions] == ["How do I play a trill?"]
        new = {"file": ("new.md", b"# New\n\nA document that comes after the move.")}
        assert (await client.post("/api/knowledge/ingest", files=new)).status_code == 202


async def test_what_is_in_use_is_not_moved(tmp_path: Path, postgresql: PostgreSQL) -> None:
    async with in_process(tmp_path / "data"):
        pass
    used = postgresql.new_database()
    async with in_process(tmp_path / "other", database_url=SecretStr(used)):
        pass
    refused = command(tmp_path, "migrate-data", "--to", used)
    assert_one_sentence(refused, "holds people of its own")
    database = Database(sqlite_url(tmp_path / "data"))
    async with database.transactions.write() as session:
        await jobs_repository.note_alive(session, "worker-0", now_ms() + 60_000)
    await database.close()
    refused = command(tmp_path, "migrate-data", "--to", used)
    assert_one_sentence(refused, "stop it first")
