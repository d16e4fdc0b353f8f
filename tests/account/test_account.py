"""Everything of a user leaves as one archive, or disappears, and nothing of anybody else's does."""

from __future__ import annotations

import io
import json
import time
import zipfile
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import httpx
import pytest

from crescendai.account.sweep import ORPHAN_AFTER_MS, sweep_orphans
from tests.conftest import MakeRecording
from tests.fixtures.accounts import filled, key_of, page, state, take_in
from tests.fixtures.command_line import command
from tests.fixtures.in_process import in_process

MARK = "Quittenmus"
"""A word that stands in everything that the user makes, and nowhere else."""


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with in_process(tmp_path / "data", auth="required") as opened:
        yield opened


def traces(folder: Path, *words: str) -> list[str]:
    """The files that hold one of the words, in any of the encodings that we store text in."""
    found = []
    for path in folder.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            found += [
                f"{word} in {path.relative_to(folder)}"
                for word in words
                if word.encode() in content or word.encode("utf-16-le") in content
            ]
    return found


async def test_an_export_holds_everything_and_no_secret(
    client: httpx.AsyncClient, recording: MakeRecording
) -> None:
    audio = recording(".mp3", seconds=4).read_bytes()
    key, other = await key_of(client, "one"), await key_of(client, "other")
    one = await filled(client, key, MARK, audio)
    await filled(client, other, "Birnenmost", audio)
    answer = await client.get("/api/account/export", headers=key)
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["cache-control"] == "no-store"
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    assert archive.testzip() is None
    tables = {
        name.split("/")[1].removesuffix(".json"): json.loads(archive.read(name))
        for name in archive.namelist()
        if name.startswith("tables/")
    }
    assert [user["name"] for user in tables["users"]] == ["one"]
    for table in ("recordings", "knowledge_documents", "chat_messages", "user_contexts"):
        assert MARK in json.dumps(tables[table], ensure_ascii=False), table
    objects = [archive.read(name) for name in archive.namelist() if name.startswith("objects/")]
    assert sorted(objects) == sorted(
        [audio, page(MARK), f"{MARK} begun".encode(), f"{MARK} part".encode()]
    )
    assert f"objects/audio-recordings/recordings/{one}.mp3" in archive.namelist()
    whole = b"".join(archive.read(name) for name in archive.namelist())
    assert b"Birnenmost" not in whole
    assert key["x-api-key"].encode() not in whole
    assert b"key_hash" not in whole
    assert not list(state(client).account._scratch.glob("*"))  # the copy is gone


async def test_an_erasure_leaves_no_trace(tmp_path: Path, recording: MakeRecording) -> None:
    audio = recording(".mp3", seconds=4).read_bytes()
    data = tmp_path / "data"
    async with in_process(data, auth="required") as client:
        key, other = await key_of(client, "Zwetschgenfrau"), await key_of(client, "other")
        one = await filled(client, key, MARK, audio)
        theirs = await filled(client, other, "Birnenmost", audio)
        await take_in(client, data)
        user = str((await state(client).identity.known_user("Zwetschgenfrau")).user_id)
        await state(client).account._cache.set(f"llm:{'0' * 64}", MARK.encode(), 3600)
        assert traces(data, MARK)
        refused = await client.delete("/api/account", headers=key)
        assert refused.status_code == 422
        erased = await client.delete("/api/account?confirm=erase", headers=key)
        assert erased.status_code == 204
        assert (await client.get("/api/context", headers=key)).status_code == 401
        assert (await client.get(f"/api/recordings/{theirs}", headers=other)).status_code == 200
        found = await client.get("/api/knowledge/search", params={"q": MARK}, headers=other)
        assert MARK not in json.dumps(found.json()["results"])
    words = (MARK, "Zwetschgenfrau", user, user.replace("-", ""), one, one.replace("-", ""))
    assert traces(data, *words) == []
    assert traces(data, "Birnenmost")


def test_by_command_line(tmp_path: Path) -> None:
    run = partial(command, tmp_path)
    run("keys", "create", "--user", "Zwetschgenfrau")
    archive = tmp_path / "all.zip"
    assert run("account", "export", str(archive), "--user", "Zwetschgenfrau").returncode == 0
    assert json.loads(zipfile.ZipFile(archive).read("tables/users.json"))[0]["name"] == (
        "Zwetschgenfrau"
    )
    assert run("account", "export", str(archive), "--user", "Zwetschgenfrau").returncode == 1
    assert run("account", "erase", "Zwetschgenfrau", "--yes").returncode == 0
    gone = run("account", "export", str(tmp_path / "no.zip"), "--user", "Zwetschgenfrau")
    assert (gone.returncode, "no user" in gone.stderr) == (1, True)
    assert traces(tmp_path / "data", "Zwetschgenfrau") == []


async def test_orphans_are_swept_and_nothing_else(
    client: httpx.AsyncClient, recording: MakeRecording, monkeypatch: pytest.MonkeyPatch
) -> None:
    audio = recording(".mp3", seconds=4).read_bytes()
    key = await key_of(client, "one")
    await filled(client, key, MARK, audio)
    account = state(client).account

    async def content() -> AsyncIterator[bytes]:
        yield b"x"

    never = f"{'0' * 8}-0000-4000-8000-{'0' * 12}"
    orphans = {
        f"audio-recordings/recordings/{never}.mp3",
        f"audio-recordings/uploads/{never}",
        f"audio-recordings/uploads/{never}.parts/0003",
        f"knowledge-documents/documents/{never}/a.md",
    }
    for orphan in orphans:
        await account._objects.put(orphan, content())
    assert await sweep_orphans(account._transactions, account._objects) == 0  # too young
    later = time.time_ns() // 1_000_000 + ORPHAN_AFTER_MS + 1000
    monkeypatch.setattr("crescendai.account.sweep.now_ms", lambda: later)
    assert await sweep_orphans(account._transactions, account._objects) == 4
    kept: set[str] = set()
    for folder in ("audio-recordings", "knowledge-documents"):
        kept |= {found async for found, _ in account._objects.list(folder)}
    assert not kept & orphans
    assert len([key for key in kept if "recordings/recordings" in key or "/uploads/" in key]) == 3
