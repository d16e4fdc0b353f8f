"""Uploads at signed addresses, in a folder and in a real S3 store."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from crescendai.adapters.objects.stored import StoredObjects
from tests.conftest import MakeRecording
from tests.fixtures.in_process import in_process
from tests.fixtures.seaweedfs import ACCESS_KEY, SECRET_KEY, S3Server


@pytest.fixture(params=["folder", "s3"])
async def client(
    request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncIterator[httpx.AsyncClient]:
    settings = {}
    if request.param == "s3":
        server: S3Server = request.getfixturevalue("s3")
        settings = {
            "objects_url": f"s3://crescendai-test/{tmp_path.name}",
            "s3_endpoint": server.endpoint,
            "s3_access_key_id": ACCESS_KEY,
            "s3_secret_access_key": SECRET_KEY,
        }
    async with in_process(tmp_path / "data", max_upload_mb=1, **settings) as opened:
        yield opened


async def put(client: httpx.AsyncClient, url: str, content: bytes) -> int:
    if url.startswith(str(client.base_url)):
        return (await client.put(url, content=content)).status_code
    async with httpx.AsyncClient(trust_env=False) as elsewhere:
        return (await elsewhere.put(url, content=content)).status_code


async def get(client: httpx.AsyncClient, url: str) -> httpx.Response:
    if url.startswith(str(client.base_url)):
        return await client.get(url)
    async with httpx.AsyncClient(trust_env=False) as elsewhere:
        return await elsewhere.get(url)


async def begun(client: httpx.AsyncClient, filename: str = "a.mp3") -> tuple[str, str]:
    answer = await client.post("/api/upload/url", json={"filename": filename})
    assert answer.status_code == 201
    assert answer.json()["max_bytes"] == 1 << 20
    return f"/api/recordings/{answer.json()['recording_id']}", answer.json()["url"]


async def test_what_was_put_at_the_address_becomes_a_recording(
    client: httpx.AsyncClient, recording: MakeRecording
) -> None:
    content = recording(".mp3", seconds=4.0).read_bytes()
    address, url = await begun(client, "étude.mp3")
    assert await put(client, url, content) == 200

    made = await client.post(f"{address}/complete")
    again = await client.post(f"{address}/complete")

    assert (made.status_code, again.status_code) == (201, 200)
    assert made.json()["filename"] == "étude.mp3"
    assert again.json()["recording_id"] == made.json()["recording_id"] == address[-36:]
    assert (await client.get(f"{address}/audio")).content == content
    heard = await get(client, (await client.get(f"{address}/audio/url")).json()["url"])
    assert heard.content == content
    sent = await client.post("/api/upload", files={"file": content})
    assert (sent.status_code, sent.json()["recording_id"]) == (200, address[-36:])


async def test_known_bytes_are_the_recording_that_is_there(
    client: httpx.AsyncClient, recording: MakeRecording
) -> None:
    content = recording(".mp3", seconds=4.0).read_bytes()
    sent = await client.post("/api/upload", files={"file": content})
    address, url = await begun(client)
    await put(client, url, content)
    made = await client.post(f"{address}/complete")
    assert (made.status_code, made.json()["recording_id"]) == (200, sent.json()["recording_id"])
    assert (await client.post(f"{address}/complete")).status_code == 404


async def test_what_cannot_be_taken_in_is_refused(client: httpx.AsyncClient) -> None:
    address, url = await begun(client)
    assert (await client.post(f"{address}/complete")).status_code == 409
    await put(client, url, b"no sound at all" * 100)
    assert (await client.post(f"{address}/complete")).status_code == 415
    too_large = await put(client, url, bytes((1 << 20) + 1))
    expected = 200 if too_large == 200 else 413  # a folder's address refuses it itself
    assert too_large == expected
    if too_large == 200:
        assert (await client.post(f"{address}/complete")).status_code == 413
    assert (await client.post(f"/api/recordings/{uuid4()}/complete")).status_code == 404
    assert (await client.get("/api/recordings")).json()["items"] == []


async def test_an_address_is_good_for_one_thing_only(client: httpx.AsyncClient) -> None:
    _, url = await begun(client)
    _, other = await begun(client)
    await put(client, url, b"x")
    own, foreign = url.partition("?")[0], other.partition("?")[0]
    assert await put(client, url.replace(own, foreign), b"x") == 403
    assert (await get(client, url)).status_code == 403
    assert await put(client, re.sub(r"(signature=)...", r"\g<1>000", url, flags=re.I), b"x") == 403
    later = re.sub(r"(expires=)\d+", r"\g<1>99999999999999", url, flags=re.I)
    assert await put(client, later, b"x") in (400, 403)


PART = 1 << 20


async def big(client: httpx.AsyncClient, recording: MakeRecording) -> tuple[str, bytes]:
    """An upload that was begun, and a file of three parts."""
    content = recording(".wav", seconds=28.0).read_bytes()
    assert 2 * PART < len(content) < 3 * PART
    begun = await client.post("/api/upload/url", json={"filename": "long.wav"})
    assert begun.json()["part_bytes"] == PART
    return begun.json()["recording_id"], content


@pytest.fixture
async def roomy(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with in_process(tmp_path / "roomy", max_upload_mb=3) as opened:
        yield opened


async def test_parts_in_any_order_become_a_recording(
    roomy: httpx.AsyncClient, recording: MakeRecording, tmp_path: Path
) -> None:
    upload, content = await big(roomy, recording)
    parts = [content[at : at + PART] for at in range(0, len(content), PART)]
    arrived = []
    for number in (1, 0, 0, 2):
        sent = await roomy.put(f"/api/uploads/{upload}/parts/{number}", content=parts[number])
        arrived.append(sent.json()["parts"])
    assert arrived == [0, 2, 2, 3]
    assert (await roomy.get(f"/api/uploads/{upload}")).json()["parts"] == 3
    made = await roomy.post(f"/api/recordings/{upload}/complete")
    assert (made.status_code, made.json()["recording_id"]) == (201, upload)
    assert (await roomy.get(f"/api/recordings/{upload}/audio")).content == content
    assert (await roomy.get(f"/api/uploads/{upload}")).status_code == 404
    assert not [p for p in tmp_path.rglob("uploads/*") if p.is_file()]


async def test_only_what_was_stored_is_removed(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    removed: list[str] = []
    remove = StoredObjects.delete

    async def noted(self: StoredObjects, key: str) -> None:
        removed.append(key)
        await remove(self, key)

    monkeypatch.setattr(StoredObjects, "delete", noted)
    whole, _ = await begun(client)
    parted, _ = await begun(client)
    whole, parted = whole[-36:], parted[-36:]
    sent = await client.put(f"/api/uploads/{parted}/parts/0", content=b"x")
    assert sent.status_code == 200
    for upload in (whole, parted):
        assert (await client.delete(f"/api/uploads/{upload}")).status_code == 204
    uploads = "audio-recordings/uploads"
    assert removed == [
        f"{uploads}/{whole}",
        f"{uploads}/{parted}",
        f"{uploads}/{parted}.parts/0000",
    ]


async def test_a_part_that_breaks_off_is_not_kept(
    roomy: httpx.AsyncClient, recording: MakeRecording
) -> None:
    upload, content = await big(roomy, recording)

    async def broken() -> AsyncIterator[bytes]:
        yield content[:1000]
        raise ConnectionError

    sent = await roomy.put(f"/api/uploads/{upload}/parts/0", content=broken())
    assert sent.status_code == 500
    assert (await roomy.get(f"/api/uploads/{upload}")).json()["parts"] == 0


async def test_parts_that_cannot_be_used_are_refused(
    roomy: httpx.AsyncClient, recording: MakeRecording, tmp_path: Path
) -> None:
    upload, content = await big(roomy, recording)
    address = f"/api/uploads/{upload}/parts"
    assert (await roomy.put(f"{address}/0", content=b"")).status_code == 400
    assert (await roomy.put(f"{address}/3", content=b"x")).status_code == 413
    assert (await roomy.put(f"{address}/0", content=bytes(PART + 1))).status_code == 413
    await roomy.put(f"{address}/0", content=content[:1000])
    await roomy.put(f"{address}/1", content=content[1000:2000])
    refused = await roomy.post(f"/api/recordings/{upload}/complete")
    assert refused.json()["type"] == "urn:crescendai:problem:part_short"
    assert (await roomy.delete(f"/api/uploads/{upload}")).status_code == 204
    assert (await roomy.put(f"{address}/0", content=b"x")).status_code == 404
    assert not [p for p in tmp_path.rglob("uploads/*") if p.is_file()]
