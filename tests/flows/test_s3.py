"""The whole server on an S3 store instead of a folder; only the settings differ."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.conftest import MakeRecording
from tests.fixtures.gate import Gate
from tests.fixtures.running import Server, running, wait_until
from tests.fixtures.seaweedfs import S3Server


@pytest.fixture(scope="module")
def gate(s3: S3Server) -> Iterator[Gate]:
    gate = Gate(s3.port)
    yield gate
    gate.shut()


@pytest.fixture(scope="module")
def s3_backed(
    s3: S3Server, gate: Gate, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    settings = s3.settings | {"CRESCENDAI_S3_ENDPOINT": f"http://127.0.0.1:{gate.port}"}
    with running(tmp_path_factory.mktemp("s3-backed"), **settings) as server:
        yield server


def test_a_recording_is_analysed_and_played_back(
    s3_backed: Server, recording: MakeRecording
) -> None:
    path = recording(".mp3", seconds=4.0)
    with httpx.Client(base_url=s3_backed.url, timeout=30, trust_env=False) as client:
        sent = client.post("/api/upload", files={"file": path.read_bytes()})
        assert sent.status_code == 201
        address = f"/api/recordings/{sent.json()['recording_id']}"
        wait_until(lambda: client.get(address).json()["status"] == "ready", 90)
        assert client.get(f"{address}/audio").content == path.read_bytes()
        part = client.get(f"{address}/audio", headers={"Range": "bytes=100-199"})
        assert part.status_code == 206
        assert part.content == path.read_bytes()[100:200]
        assert not (s3_backed.data_dir / "objects").exists()
        assert client.delete(address).status_code == 204


def test_without_its_store_only_what_needs_it_fails(
    s3_backed: Server, gate: Gate, recording: MakeRecording
) -> None:
    path = recording(".mp3", start_sec=4.0, seconds=4.0)
    with httpx.Client(base_url=s3_backed.url, timeout=30, trust_env=False) as client:
        gate.shut()
        try:
            refused = client.post("/api/upload", files={"file": path.read_bytes()})
            assert refused.status_code == 503
            assert refused.json()["type"] == "urn:crescendai:problem:objects_down"
            assert client.get("/api/ready").json()["parts"]["objects"]["status"] == "down"
            assert client.get("/api/recordings").json()["items"] == []
            assert client.get("/api/knowledge/search", params={"q": "legato"}).status_code == 200
        finally:
            gate.open()
        assert client.post("/api/upload", files={"file": path.read_bytes()}).status_code == 201
