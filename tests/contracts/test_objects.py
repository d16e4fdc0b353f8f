"""What every object store promises."""

from __future__ import annotations

import os
import resource
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from crescendai.adapters.objects.folder import FolderObjectStore
from crescendai.adapters.objects.s3 import S3Account, S3ObjectStore
from crescendai.errors import NotFound, Unavailable
from crescendai.ports.objects import ObjectStore
from tests.fixtures.gate import Gate
from tests.fixtures.seaweedfs import ACCESS_KEY, BUCKET, SECRET_KEY, S3Server


@pytest.fixture(params=["folder", "s3-bucket", "s3-buckets"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> FolderObjectStore | S3ObjectStore:
    if request.param == "folder":
        return FolderObjectStore(tmp_path / "objects")
    url = "s3://" if request.param == "s3-buckets" else f"s3://{BUCKET}/{tmp_path.name}"
    return s3_store(request.getfixturevalue("s3"), url, tmp_path)


def s3_store(server: S3Server, url: str, scratch: Path) -> S3ObjectStore:
    return S3ObjectStore(url, S3Account(server.endpoint, "auto", ACCESS_KEY, SECRET_KEY), scratch)


async def chunks(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


async def whole(store: ObjectStore, key: str, start: int = 0, end: int | None = None) -> bytes:
    return b"".join([part async for part in store.read(key, start, end)])


async def test_what_was_put_can_be_read(store: ObjectStore) -> None:
    parts = [bytes([n % 256]) * 300_000 for n in range(40)]
    assert await store.put("audio/b.bin", chunks(*parts)) == 12_000_000
    assert await store.size("audio/b.bin") == 12_000_000
    assert await whole(store, "audio/b.bin") == b"".join(parts)
    assert await whole(store, "audio/b.bin", 299_999, 300_001) == b"\x00\x01"


async def test_a_later_put_replaces(store: ObjectStore) -> None:
    await store.put("audio/k", chunks(b"one, longer"))
    await store.put("audio/k", chunks(b"two"))
    assert await whole(store, "audio/k") == b"two"


async def test_a_folder_tells_what_lies_below_it(
    store: FolderObjectStore | S3ObjectStore,
) -> None:
    inside = {"audio/uploads/a.parts/0000", "audio/uploads/a.parts/0007", "audio/uploads/b"}
    for key in (*inside, "audio/uploads-of-others/c"):
        await store.put(key, chunks(b"x"))
    listed = {key: written async for key, written in store.list("audio/uploads")}
    assert set(listed) == inside
    assert all(abs(written / 1000 - time.time()) < 3600 for written in listed.values())
    assert {key async for key, _ in store.list("audio/uploads/a.parts")} == {
        "audio/uploads/a.parts/0000",
        "audio/uploads/a.parts/0007",
    }
    for key in inside:  # they can be had, and removed, by what they are listed as
        assert await whole(store, key) == b"x"
        await store.delete(key)
    assert [key async for key, _ in store.list("audio/uploads")] == []


async def test_a_stream_that_fails_stores_nothing(store: ObjectStore) -> None:
    async def failing() -> AsyncIterator[bytes]:
        yield b"x" * 6_000_000
        yield b"x" * 6_000_000
        raise ValueError("the client went away")

    with pytest.raises(ValueError, match="went away"):
        await store.put("audio/half", failing())
    with pytest.raises(NotFound):
        await store.size("audio/half")


async def test_a_stream_that_fails_leaves_what_was_there(store: ObjectStore) -> None:
    async def failing() -> AsyncIterator[bytes]:
        yield b"x" * 6_000_000
        raise ValueError("the client went away")

    await store.put("audio/k", chunks(b"before"))
    with pytest.raises(ValueError, match="went away"):
        await store.put("audio/k", failing())
    assert await whole(store, "audio/k") == b"before"


async def test_a_missing_key_is_not_found(store: ObjectStore) -> None:
    with pytest.raises(NotFound):
        await store.size("audio/none")
    with pytest.raises(NotFound):
        await whole(store, "audio/none")
    with pytest.raises(NotFound):
        async with store.as_file("audio/none"):
            pass
    await store.delete("audio/none")


async def test_an_object_is_a_file_for_a_while(store: ObjectStore) -> None:
    await store.put("audio/c.bin", chunks(b"abc"))
    async with store.as_file("audio/c.bin") as path:
        assert path.read_bytes() == b"abc"


async def test_what_was_deleted_is_gone(store: ObjectStore) -> None:
    await store.put("audio/k", chunks(b"abc"))
    await store.delete("audio/k")
    with pytest.raises(NotFound):
        await store.size("audio/k")


async def test_a_key_cannot_leave_the_store(store: ObjectStore, tmp_path: Path) -> None:
    with pytest.raises(ValueError):
        await store.put("../outside", chunks(b"abc"))
    assert not (tmp_path / "outside").exists()


async def test_it_says_when_it_is_usable(store: ObjectStore) -> None:
    await store.put("audio-recordings/k", chunks(b"its bucket is there"))
    await store.ping()


async def test_a_folder_that_is_gone_is_unavailable(tmp_path: Path) -> None:
    root = tmp_path / "objects"
    store = FolderObjectStore(root)
    root.rmdir()
    root.write_bytes(b"a file in its place")
    with pytest.raises(Unavailable):
        await store.ping()


async def test_parts_that_a_killed_process_left_are_removed(tmp_path: Path) -> None:
    store = FolderObjectStore(tmp_path / "objects")
    await store.put("audio/whole.wav", chunks(b"abc"))
    abandoned, growing = (
        tmp_path / "objects" / "audio" / f"{name}.wav#1" for name in ("old", "new")
    )
    for path in (abandoned, growing):
        path.write_bytes(b"half")
    os.utime(abandoned, (0, 0))
    os.utime(tmp_path / "objects" / "audio" / "whole.wav", (0, 0))
    await store.remove_unfinished()
    assert not abandoned.exists()
    assert growing.exists()
    assert await whole(store, "audio/whole.wav") == b"abc"


async def test_whoever_has_a_signed_address_can_put_and_get(s3: S3Server, tmp_path: Path) -> None:
    store = s3_store(s3, f"s3://{BUCKET}", tmp_path)
    async with httpx.AsyncClient(trust_env=False) as client:
        put = await client.put(await store.sign("PUT", "signed/one", 60), content=b"abc")
        assert put.status_code == 200
        assert await whole(store, "signed/one") == b"abc"
        got = await client.get(await store.sign("GET", "signed/one", 60))
        assert got.content == b"abc"
        swapped = (await store.sign("GET", "signed/one", 60)).replace("signed/one", "signed/two")
        assert (await client.put(swapped, content=b"abc")).status_code == 403


async def test_a_store_out_of_reach_is_unavailable_and_comes_back(
    s3: S3Server, tmp_path: Path
) -> None:
    gate = Gate(s3.port)
    account = S3Account(f"http://127.0.0.1:{gate.port}", "auto", ACCESS_KEY, SECRET_KEY)
    store = S3ObjectStore(f"s3://{BUCKET}", account, tmp_path)
    await store.put("gate/k", chunks(b"abc"))
    gate.shut()
    for broken in (
        store.ping(),
        store.size("gate/k"),
        store.put("gate/k", chunks(b"x")),
        store.delete("gate/k"),
        whole(store, "gate/k"),
    ):
        with pytest.raises(Unavailable):
            await broken
    gate.open()
    assert await whole(store, "gate/k") == b"abc"
    gate.shut()


async def test_a_stream_passes_through_without_being_held(s3: S3Server, tmp_path: Path) -> None:
    """50 MB through a store and back must not take 50 MB."""
    store = s3_store(s3, f"s3://{BUCKET}", tmp_path)

    async def many() -> AsyncIterator[bytes]:
        for n in range(800):
            yield bytes([n % 251]) * 65_536

    await store.put("audio/large", chunks(b"warm"))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert await store.put("audio/large", many()) == 800 * 65_536
    async with store.as_file("audio/large") as path:
        assert path.stat().st_size == 800 * 65_536
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 30_000  # KB
    assert not list(tmp_path.iterdir())
