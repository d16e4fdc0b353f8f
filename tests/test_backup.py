"""Backup, restore and verify, by the command line and under write load."""

from __future__ import annotations

import asyncio
import io
import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import threading
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from crescendai import backup
from crescendai.adapters.database import snapshot
from crescendai.errors import Conflict, InvalidInput
from crescendai.settings import read_settings
from tests.fixtures.in_process import in_process
from tests.fixtures.running import Server


def crescendai(data_dir: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "crescendai", *arguments],
        env=os.environ | {"CRESCENDAI_DATA_DIR": str(data_dir)},
        capture_output=True,
        text=True,
    )


def silence(seed: int) -> bytes:
    sound = io.BytesIO()
    with wave.open(sound, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(random.Random(seed).randbytes(8) + bytes(8000 * 2 * 4))
    return sound.getvalue()


class Writing(threading.Thread):
    """Uploads, removes and writes the context until it is told to stop."""

    def __init__(self, server: Server) -> None:
        super().__init__(daemon=True)
        self.client = httpx.Client(base_url=server.url, timeout=60, trust_env=False)
        self.acknowledged: list[str] = []
        self.removed: list[str] = []
        self.stopping = threading.Event()

    def run(self) -> None:
        number = 0
        while not self.stopping.is_set():
            number += 1
            self.client.put("/api/context", json={"goals": [f"number {number}"]})
            sent = self.client.post("/api/upload", files={"file": silence(number)})
            self.acknowledged.append(sent.json()["recording_id"])
            if number % 3 == 0:
                gone = self.acknowledged[number // 2]
                self.client.delete(f"/api/recordings/{gone}")
                self.removed.append(gone)


async def test_a_backup_under_write_load_is_whole_and_can_be_restored(
    server: Server, tmp_path: Path
) -> None:
    writing = Writing(server)
    writing.start()
    while len(writing.acknowledged) < 8:
        writing.join(0.1)
    promised = set(writing.acknowledged)
    made = crescendai(server.data_dir, "backup", str(tmp_path / "backup"), "--json")
    removed = set(writing.removed)
    writing.stopping.set()
    writing.join()

    assert made.returncode == 0, made.stderr
    assert crescendai(tmp_path, "verify", str(tmp_path / "backup")).returncode == 0
    restored = crescendai(tmp_path / "new", "restore", str(tmp_path / "backup"), "--json")
    assert restored.returncode == 0, restored.stderr
    assert json.loads(restored.stdout) == json.loads(made.stdout)
    async with in_process(tmp_path / "new") as client:
        for recording_id in promised - removed:
            audio = await client.get(f"/api/recordings/{recording_id}/audio")
            assert audio.status_code == 200
        assert (await client.get("/api/context")).json()["goals"]
        sent = await client.post("/api/upload", files={"file": silence(0)})
        assert sent.status_code == 201


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    asyncio.run(_make(folder))
    return folder


async def _make(folder: Path) -> None:
    async with in_process(folder / "data") as client:
        await client.post("/api/upload", files={"file": silence(1)})
    await backup.back_up(read_settings(data_dir=folder / "data"), folder / "backup", _quiet)


def _quiet(done: int, total: int) -> None:
    pass


async def test_nothing_is_overwritten(made: Path) -> None:
    settings = read_settings(data_dir=made / "data")
    with pytest.raises(Conflict, match="not empty"):
        await backup.restore(settings, made / "backup", _quiet)
    with pytest.raises(Conflict, match="already"):
        await backup.back_up(settings, made / "backup", _quiet)


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def _audio(folder: Path) -> Path:
    return next((folder / "objects/audio-recordings").rglob("*.wav"))


DAMAGES: dict[str, Callable[[Path], Any]] = {
    "a flipped bit in the audio": lambda folder: _flip(_audio(folder)),
    "a flipped bit in the database": lambda folder: _flip(folder / "crescendai.db"),
    "missing audio": lambda folder: _audio(folder).unlink(),
    "a file that does not belong": lambda folder: (folder / "objects/more").write_bytes(b""),
    "no manifest": lambda folder: (folder / "manifest.json").unlink(),
}


@pytest.mark.parametrize("damage", DAMAGES)
async def test_every_damage_is_found_and_not_restored(
    damage: str, made: Path, tmp_path: Path
) -> None:
    damaged = tmp_path / "damaged"
    shutil.copytree(made / "backup", damaged)
    await backup.verify(damaged)
    DAMAGES[damage](damaged)
    with pytest.raises(InvalidInput):
        await backup.verify(damaged)
    with pytest.raises(InvalidInput):
        await backup.restore(read_settings(data_dir=tmp_path / "new"), damaged, _quiet)
    assert not (tmp_path / "new").exists()


async def test_a_removed_recording_takes_its_row_out_of_the_backup(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was removed after the database was copied and before its audio was."""
    data = tmp_path / "data"
    await backup.restore(read_settings(data_dir=data), made / "backup", _quiet)
    copy_database = snapshot.copy_database

    def copy_and_remove(source: Path, target: Path) -> None:
        copy_database(source, target)
        _audio(data).unlink()
        with sqlite3.connect(source) as database:
            database.execute("DELETE FROM recordings")

    monkeypatch.setattr(snapshot, "copy_database", copy_and_remove)
    settings = read_settings(data_dir=data)
    summary = await backup.back_up(settings, tmp_path / "backup", _quiet)
    assert summary.rows["recordings"] == 0
