"""A disk that is full or may not be written: clear answers, nothing damaged, no restart needed."""

from __future__ import annotations

import io
import os
import random
import sqlite3
import subprocess
import wave
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from crescendai.errors import CrescendError
from tests.fixtures.in_process import in_process

DISK_MB = 48


def mount(*arguments: str | Path) -> None:
    subprocess.run(["mount", *arguments], check=True, capture_output=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small disk of its own."""
    folder = tmp_path / "disk"
    folder.mkdir()
    try:
        mount("-t", "tmpfs", "-o", f"size={DISK_MB}m", "tmpfs", folder)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"A small disk cannot be mounted here (it takes root on Linux): {error}")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def sound(seed: int) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as writing:
        writing.setnchannels(1)
        writing.setsampwidth(2)
        writing.setframerate(44_100)
        writing.writeframes(random.Random(seed).randbytes(44_100 * 2 * 4))
    return file.getvalue()


def fill(disk: Path) -> Path:
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (1 << 20, 4096, 1):
            try:
                while file.write(bytes(size)):
                    pass
            except OSError:
                continue
    return filler


async def upload(client: httpx.AsyncClient, seed: int) -> httpx.Response:
    return await client.post("/api/upload", files={"file": sound(seed)})


async def test_a_full_disk_is_told_as_such_and_the_rest_works(disk: Path) -> None:
    async with in_process(disk / "data") as client:
        before = await upload(client, 1)
        assert before.status_code == 201
        note = ("a.md", b"# A\n\nB " * 9000)
        filler = fill(disk)

        for refused in (
            await upload(client, 2),
            await client.put("/api/context", json={"goals": ["x" * 300] * 30}),
            await client.post("/api/knowledge/ingest", files={"file": note}),
        ):
            assert refused.status_code == 507, refused.text
            assert refused.json()["type"] == "urn:crescendai:problem:storage_full"
        address = f"/api/recordings/{before.json()['recording_id']}"
        assert (await client.get(address)).status_code == 200
        assert (await client.get(f"{address}/audio")).content == sound(1)
        assert (await client.get("/api/knowledge/search?q=legato")).status_code == 200
        chat = await client.post("/api/chat", json={"message": "How do I practise trills?"})
        assert chat.status_code == 507 or chat.text.rstrip().endswith("data: [DONE]")

        filler.unlink()
        assert (await upload(client, 2)).status_code == 201
        kept = await client.put("/api/context", json={"goals": ["room again"]})
        assert kept.status_code == 200
        assert len((await client.get("/api/recordings")).json()["items"]) == 2
    with sqlite3.connect(disk / "data" / "crescendai.db") as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


async def test_objects_that_may_not_be_written_are_told_and_come_back(
    disk: Path, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "objects").symlink_to(disk)
    async with in_process(data) as client:
        before = await upload(client, 1)
        mount("-o", "remount,ro", disk)
        try:
            refused = await upload(client, 2)
            assert refused.status_code == 503
            assert refused.json()["type"] == "urn:crescendai:problem:objects_down"
            parts = (await client.get("/api/ready")).json()["parts"]
            assert parts["objects"]["status"] == "down"
            address = f"/api/recordings/{before.json()['recording_id']}"
            assert (await client.get(f"{address}/audio")).content == sound(1)
        finally:
            mount("-o", "remount,rw", disk)
        assert (await upload(client, 2)).status_code == 201


async def test_a_read_only_data_folder_stops_the_start_with_a_sentence(disk: Path) -> None:
    async with in_process(disk / "data"):
        pass
    mount("-o", "remount,ro", disk)
    with pytest.raises(CrescendError, match="data"):
        async with in_process(disk / "data"):
            pass
    mount("-o", "remount,rw", disk)
    assert os.access(disk, os.W_OK)
