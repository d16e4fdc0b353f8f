"""Recordings over HTTP, in this process, no worker: what is accepted, refused and kept."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.conftest import MakeRecording
from tests.fixtures.in_process import in_process


@pytest.fixture
async def client(
    tmp_path: Path, engine_settings: dict[str, str]
) -> AsyncIterator[httpx.AsyncClient]:
    async with in_process(tmp_path / "data", **engine_settings) as opened:
        yield opened


async def upload(
    client: httpx.AsyncClient, content: bytes, name: str = "take.wav"
) -> httpx.Response:
    return await client.post("/api/upload", files={"file": (name, content)})


def assert_problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["type"] == f"urn:crescendai:problem:{code}"
    assert body["status"] == status
    assert body["title"]
    assert body["detail"]
    assert body["request_id"] == answer.headers["x-request-id"]
    return body


async def assert_nothing_stored(client: httpx.AsyncClient, tmp_path: Path) -> None:
    assert (await client.get("/api/recordings")).json()["items"] == []
    stored = [
        p for p in (tmp_path / "data" / "objects" / "audio-recordings").rglob("*") if p.is_file()
    ]
    assert stored == []


@pytest.mark.parametrize("ending", [".wav", ".mp3", ".m4a"])
async def test_a_recording_is_accepted_by_its_content(
    client: httpx.AsyncClient, recording: MakeRecording, ending: str
) -> None:
    path = recording(ending, seconds=5)
    answer = await upload(client, path.read_bytes(), "whatever.bin")
    assert answer.status_code == 201
    body = answer.json()
    assert body["status"] == "queued"
    assert body["format"] == ending[1:]
    assert body["duration"] == pytest.approx(5, abs=0.15)
    assert body["size_bytes"] == path.stat().st_size
    found = await client.get(f"/api/recordings/{body['recording_id']}")
    assert found.json() == body


async def test_the_same_bytes_are_the_same_recording(
    client: httpx.AsyncClient, recording: MakeRecording
) -> None:
    content = recording(".mp3", seconds=5).read_bytes()
    first, second = await upload(client, content), await upload(client, content, "copy.mp3")
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["recording_id"] == second.json()["recording_id"]
    assert len((await client.get("/api/recordings")).json()["items"]) == 1


async def test_a_wrong_type_with_a_right_name(client: httpx.AsyncClient, tmp_path: Path) -> None:
    answer = await upload(client, b"OggS" + bytes(5000), "take.wav")
    assert_problem(answer, 415, "audio_format_unsupported")
    await assert_nothing_stored(client, tmp_path)


async def test_an_empty_file(client: httpx.AsyncClient, tmp_path: Path) -> None:
    assert_problem(await upload(client, b""), 400, "audio_empty")
    await assert_nothing_stored(client, tmp_path)


@pytest.mark.parametrize("ending", [".wav", ".mp3", ".m4a"])
async def test_a_truncated_file(
    client: httpx.AsyncClient, recording: MakeRecording, tmp_path: Path, ending: str
) -> None:
    whole = recording(ending, seconds=8).read_bytes()
    answer = await upload(client, whole[: len(whole) // 2], f"take{ending}")
    assert answer.status_code == 400, answer.text
    assert answer.json()["type"].rpartition(":")[2] in ("audio_truncated", "audio_damaged")
    await assert_nothing_stored(client, tmp_path)


@pytest.mark.parametrize(
    "head", [b"RIFF\x24\x00\x00\x00WAVEfmt ", b"ID3\x04", b"\x00\x00\x00\x20ftypM4A "]
)
async def test_a_damaged_file(client: httpx.AsyncClient, tmp_path: Path, head: bytes) -> None:
    answer = await upload(client, head + bytes(range(256)) * 40)
    assert answer.status_code in (400, 415), answer.text
    await assert_nothing_stored(client, tmp_path)


async def test_51_megabytes_are_refused_while_reading(
    client: httpx.AsyncClient, tmp_path: Path
) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        yield (
            b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n'
            b"RIFF\x00\x00\x00\x00WAVE" + bytes(100)
        )
        for _ in range(2000):
            sent += 1
            yield bytes(1024**2)

    answer = await client.post(
        "/api/upload",
        content=endless(),
        headers={"content-type": "multipart/form-data; boundary=b"},
    )
    assert_problem(answer, 413, "upload_too_large")
    assert sent <= 52
    await assert_nothing_stored(client, tmp_path)


async def test_a_form_without_a_file(client: httpx.AsyncClient, tmp_path: Path) -> None:
    answer = await client.post("/api/upload", files={"other": ("a.wav", b"RIFF")})
    body = assert_problem(answer, 422, "file_missing")
    assert body["errors"][0]["field"] == "body.file"
    assert_problem(await client.post("/api/upload", json={}), 400, "form_expected")
    await assert_nothing_stored(client, tmp_path)


@pytest.mark.parametrize("rest", ["", "/audio", "/analysis", "/events"])
async def test_an_unknown_id(client: httpx.AsyncClient, rest: str) -> None:
    answer = await client.get(f"/api/recordings/{uuid.uuid4()}{rest}")
    assert_problem(answer, 404, "recording_missing")


@pytest.mark.parametrize("rest", ["", "/audio", "/analysis", "/events"])
async def test_a_malformed_id(client: httpx.AsyncClient, rest: str) -> None:
    body = assert_problem(await client.get(f"/api/recordings/17{rest}"), 422, "schema")
    assert body["errors"][0]["field"] == "path.recording_id"


async def test_a_malformed_cursor(client: httpx.AsyncClient) -> None:
    assert_problem(await client.get("/api/recordings?cursor=x"), 400, "cursor_invalid")


async def test_the_analysis_is_pending(client: httpx.AsyncClient, recording: MakeRecording) -> None:
    sent = (await upload(client, recording(".mp3", seconds=5).read_bytes())).json()
    answer = await client.get(f"/api/recordings/{sent['recording_id']}/analysis")
    assert_problem(answer, 409, "analysis_pending")


async def test_the_etag_saves_the_second_answer(
    client: httpx.AsyncClient, recording: MakeRecording
) -> None:
    sent = (await upload(client, recording(".mp3", seconds=5).read_bytes())).json()
    url = f"/api/recordings/{sent['recording_id']}"
    etag = (await client.get(url)).headers["etag"]
    assert (await client.get(url, headers={"if-none-match": etag})).status_code == 304
    for same in (f"W/{etag}", f'"other", {etag}', "*"):
        assert (await client.get(url, headers={"if-none-match": same})).status_code == 304
    assert (await client.get(url, headers={"if-none-match": '"other"'})).status_code == 200


async def test_audio_comes_whole_and_in_ranges(
    client: httpx.AsyncClient, recording: MakeRecording
) -> None:
    content = recording(".mp3", seconds=5).read_bytes()
    sent = (await upload(client, content)).json()
    url = f"/api/recordings/{sent['recording_id']}/audio"
    whole = await client.get(url)
    assert whole.content == content
    assert whole.headers["content-type"] == "audio/mpeg"
    part = await client.get(url, headers={"range": "bytes=100-199"})
    assert part.status_code == 206
    assert part.content == content[100:200]
    assert part.headers["content-range"] == f"bytes 100-199/{len(content)}"
    outside = await client.get(url, headers={"range": f"bytes={len(content)}-"})
    assert outside.status_code == 416


async def test_a_filename_is_kept_without_its_folders(
    client: httpx.AsyncClient, recording: MakeRecording
) -> None:
    content = recording(".mp3", seconds=5).read_bytes()
    sent = await upload(client, content, "C:\\takes\\é \u202eria.mp3")
    assert sent.json()["filename"] == "é ria.mp3"


async def test_the_same_bytes_at_the_same_time_are_one_recording(
    client: httpx.AsyncClient, recording: MakeRecording, tmp_path: Path
) -> None:
    content = recording(".mp3", seconds=5).read_bytes()
    answers = await asyncio.gather(*(upload(client, content) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 201]
    assert len({answer.json()["recording_id"] for answer in answers}) == 1
    folder = tmp_path / "data" / "objects" / "audio-recordings" / "recordings"
    assert len(list(folder.iterdir())) == 1


async def test_pages_hold_everything_once(
    client: httpx.AsyncClient, recording: MakeRecording
) -> None:
    sent = [
        (await upload(client, recording(".mp3", start_sec=s, seconds=4).read_bytes())).json()
        for s in range(5)
    ]
    seen, cursor = [], None
    for _ in range(3):
        query = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = (await client.get("/api/recordings", params=query)).json()
        seen += [item["recording_id"] for item in page["items"]]
        cursor = page["next_cursor"]
    assert cursor is None
    assert sorted(seen) == sorted(item["recording_id"] for item in sent)
    ages = {item["recording_id"]: item["created_at"] for item in sent}
    assert [ages[i] for i in seen] == sorted(ages.values(), reverse=True)


async def test_a_removed_recording_is_gone(
    client: httpx.AsyncClient, recording: MakeRecording, tmp_path: Path
) -> None:
    sent = (await upload(client, recording(".mp3", seconds=5).read_bytes())).json()
    url = f"/api/recordings/{sent['recording_id']}"
    assert (await client.delete(url)).status_code == 204
    assert_problem(await client.delete(url), 404, "recording_missing")
    await assert_nothing_stored(client, tmp_path)


async def test_progress_of_nothing_is_empty(client: httpx.AsyncClient) -> None:
    assert (await client.get("/api/progress")).json() == {
        "dimensions": {},
        "trends": {},
        "focus": None,
    }
    answer = await client.get(f"/api/progress?recording_id={uuid.uuid4()}")
    assert_problem(answer, 400, "comparison_incomplete")
