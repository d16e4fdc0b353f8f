"""What every object store promises."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from crescendai.adapters.objects.folder import FolderObjectStore
from crescendai.errors import NotFound, Unavailable
from crescendai.ports.objects import ObjectStore


@pytest.fixture(params=["folder"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    return FolderObjectStore(tmp_path / "objects")


async def chunks(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


async def whole(store: ObjectStore, key: str, start: int = 0, end: int | None = None) -> bytes:
    return b"".join([part async for part in store.read(key, start, end)])


async def test_what_was_put_can_be_read(store: ObjectStore) -> None:
    parts = [bytes([n % 256]) * 300_000 for n in range(40)]
    assert await store.put("a/b.bin", chunks(*parts)) == 12_000_000
    assert await store.size("a/b.bin") == 12_000_000
    assert await whole(store, "a/b.bin") == b"".join(parts)
    assert await whole(store, "a/b.bin", 299_999, 300_001) == b"\x00\x01"


async def test_a_later_put_replaces(store: ObjectStore) -> None:
    await store.put("k", chunks(b"one, longer"))
    await store.put("k", chunks(b"two"))
    assert await whole(store, "k") == b"two"


async def test_a_stream_that_fails_stores_nothing(store: ObjectStore) -> None:
    async def failing() -> AsyncIterator[bytes]:
        yield b"x" * 6_000_000
        yield b"x" * 6_000_000
        raise ValueError("the client went away")

    with pytest.raises(ValueError, match="went away"):
        await store.put("half", failing())
    with pytest.raises(NotFound):
        await store.size("half")


async def test_a_missing_key_is_not_found(store: ObjectStore) -> None:
    with pytest.raises(NotFound):
        await store.size("none")
    with pytest.raises(NotFound):
        await whole(store, "none")
    with pytest.raises(NotFound):
        async with store.as_file("none"):
            pass
    await store.delete("none")


async def test_an_object_is_a_file_for_a_while(store: ObjectStore) -> None:
    await store.put("a/c.bin", chunks(b"abc"))
    async with store.as_file("a/c.bin") as path:
        assert path.read_bytes() == b"abc"


async def test_what_was_deleted_is_gone(store: ObjectStore) -> None:
    await store.put("k", chunks(b"abc"))
    await store.delete("k")
    with pytest.raises(NotFound):
        await store.size("k")


async def test_a_key_cannot_leave_the_store(store: ObjectStore, tmp_path: Path) -> None:
    with pytest.raises(ValueError):
        await store.put("../outside", chunks(b"abc"))
    assert not (tmp_path / "outside").exists()


async def test_it_says_when_it_is_usable(store: ObjectStore) -> None:
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
    await store.put("a/whole.wav", chunks(b"abc"))
    abandoned, growing = (tmp_path / "objects" / "a" / f"{name}.wav#1" for name in ("old", "new"))
    for path in (abandoned, growing):
        path.write_bytes(b"half")
    os.utime(abandoned, (0, 0))
    os.utime(tmp_path / "objects" / "a" / "whole.wav", (0, 0))
    await store.remove_unfinished()
    assert not abandoned.exists()
    assert growing.exists()
    assert await whole(store, "a/whole.wav") == b"abc"
