"""A link shows one recording to whoever has it, nothing else of its owner, until it is revoked."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from crescendai.kit import logs
from crescendai.kit.clock import DAY_MS, now_ms
from crescendai.sharing import service as sharing
from tests.conftest import MakeRecording
from tests.fixtures.analysed import analysed
from tests.fixtures.in_process import in_process

PARTS = ("", "/performance", "/audio")


@dataclass
class House:
    """One owner with an analysed recording, and a stranger."""

    client: httpx.AsyncClient
    owner: dict[str, str]
    stranger: dict[str, str]
    audio: bytes
    recording: str

    async def share(self, **body: Any) -> Any:
        wanted = {"recording_id": self.recording} | body
        made = await self.client.post("/api/shares", json=wanted, headers=self.owner)
        assert made.status_code == 201, made.text
        assert made.headers["cache-control"] == "no-store"
        return made.json()

    async def statuses(self, token: str) -> list[int]:
        """What each part of a shared recording answers to somebody without any key."""
        answers = [await self.client.get(f"/api/shared/{token}{part}") for part in PARTS]
        return [answer.status_code for answer in answers]


@pytest.fixture
async def house(tmp_path: Path, recording: MakeRecording) -> AsyncIterator[House]:
    async with in_process(tmp_path / "data", auth="required") as client:
        identity = client._transport.app.state.identity  # type: ignore[attr-defined]
        keys = [{"x-api-key": (await identity.create_key("k", name)).key} for name in ("a", "b")]
        audio = recording(".mp3", seconds=4).read_bytes()
        made = await analysed(client, audio, keys[0])
        yield House(client, keys[0], keys[1], audio, made)


async def test_a_link_opens_one_recording_and_nothing_else(house: House) -> None:
    await house.client.post(f"/api/feedback/{house.recording}", headers=house.owner)
    made = await house.share()
    token = made["token"]
    assert len(token) >= 43
    assert made["path"] == f"/shared/{token}"
    answer = await house.client.get(f"/api/shared/{token}")
    seen = answer.json()
    own = await house.client.get(f"/api/recordings/{house.recording}/analysis", headers=house.owner)
    assert seen["analysis"] == own.json()
    assert seen["filename"] == "take.mp3"
    assert seen["feedback"]["recording_id"] == house.recording
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-robots-tag"] == "noindex"
    played = await house.client.get(f"/api/shared/{token}/performance")
    assert len(played.json()["notes"]) == 50
    heard = await house.client.get(f"/api/shared/{token}/audio", headers={"range": "bytes=10-19"})
    assert (heard.status_code, heard.content) == (206, house.audio[10:20])
    assert (await house.client.get(f"/api/shared/{token}/audio")).content == house.audio
    for headers in ({"x-api-key": token}, {"authorization": f"Bearer {token}"}):
        for path in ("/api/recordings", f"/api/recordings/{house.recording}", "/api/shares"):
            assert (await house.client.get(path, headers=headers)).status_code == 401
    wrote = await house.client.post(f"/api/shared/{token}")
    assert wrote.status_code == 405


async def test_a_revoked_link_opens_nothing_and_others_go_on(house: House) -> None:
    first, second = await house.share(), await house.share()
    listed = await house.client.get(
        f"/api/shares?recording_id={house.recording}", headers=house.owner
    )
    ids = [share["share_id"] for share in listed.json()["items"]]
    assert sorted(ids) == sorted([first["share_id"], second["share_id"]])
    assert first["token"] not in listed.text
    away = f"/api/shares/{first['share_id']}"
    assert (await house.client.delete(away, headers=house.stranger)).status_code == 404
    assert await house.statuses(first["token"]) == [200, 200, 200]
    assert (await house.client.delete(away, headers=house.owner)).status_code == 204
    assert await house.statuses(first["token"]) == [404, 404, 404]
    assert await house.statuses(second["token"]) == [200, 200, 200]
    assert (await house.client.delete(away, headers=house.owner)).status_code == 404


async def test_a_link_ends_with_its_time_or_its_recording(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    short, endless = await house.share(expires_in_days=1), await house.share()
    with monkeypatch.context() as later:
        later.setattr(sharing, "now_ms", lambda: now_ms() + 2 * DAY_MS)
        assert await house.statuses(short["token"]) == [404, 404, 404]
        assert await house.statuses(endless["token"]) == [200, 200, 200]
        listed = await house.client.get(
            f"/api/shares?recording_id={house.recording}", headers=house.owner
        )
        assert {share["state"] for share in listed.json()["items"]} == {"expired", "active"}
    await house.client.delete(f"/api/recordings/{house.recording}", headers=house.owner)
    assert await house.statuses(endless["token"]) == [404, 404, 404]
    never = await house.client.get("/api/shared/never-made")
    gone = await house.client.get(f"/api/shared/{endless['token']}")
    assert never.json() | {"request_id": ""} == gone.json() | {"request_id": ""}


async def test_only_the_owner_shares_and_only_what_was_analysed(
    house: House, recording: MakeRecording
) -> None:
    body = {"recording_id": house.recording}
    assert (
        await house.client.post("/api/shares", json=body, headers=house.stranger)
    ).status_code == 404
    listed = f"/api/shares?recording_id={house.recording}"
    assert (await house.client.get(listed, headers=house.stranger)).status_code == 404
    other = recording(".mp3", start_sec=4, seconds=4).read_bytes()
    sent = await house.client.post(
        "/api/upload", files={"file": ("b.mp3", other)}, headers=house.owner
    )
    pending = {"recording_id": sent.json()["recording_id"]}
    refused = await house.client.post("/api/shares", json=pending, headers=house.owner)
    assert refused.json()["type"] == "urn:crescendai:problem:analysis_pending"


async def test_neither_the_database_the_log_nor_an_export_tells_the_token(
    house: House, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    logs.configure("console", "info")  # as a server logs; the fixture takes it back
    token = (await house.share())["token"]
    assert await house.statuses(token) == [200, 200, 200]
    exported = await house.client.get("/api/account/export", headers=house.owner)
    archive = zipfile.ZipFile(io.BytesIO(exported.content))
    [row] = json.loads(archive.read("tables/share_links.json"))
    assert row["recording_id"] == house.recording
    digest = hashlib.sha256(token.encode()).hexdigest()
    assert "token_hash" not in row
    whole = b"".join(archive.read(name) for name in archive.namelist())
    assert digest.encode() not in whole
    stored = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert digest.encode() in stored
    assert token.encode() not in stored
    assert (
        await house.client.delete("/api/account?confirm=erase", headers=house.owner)
    ).status_code == 204
    assert await house.statuses(token) == [404, 404, 404]
    log = "".join(capfd.readouterr())
    assert "/api/shared/…/audio" in log
    assert token not in log
