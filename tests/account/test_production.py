"""The same on PostgreSQL, S3 and Redis: each store is searched whole, key by key, row by row."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psycopg
import redis
from psycopg import sql

from crescendai.adapters.objects.s3 import S3Account, S3ObjectStore
from tests.conftest import MakeRecording
from tests.fixtures.accounts import filled, key_of, page, state, take_in
from tests.fixtures.in_process import in_process
from tests.fixtures.postgresql import PostgreSQL
from tests.fixtures.seaweedfs import ACCESS_KEY, BUCKET, SECRET_KEY, S3Server

MARK, OTHER = "Quittenmus", "Birnenmost"
USER, NEIGHBOUR = "Zwetschgenfrau", "Nachbarin"


@dataclass
class Stores:
    """All that the server keeps anywhere."""

    database_url: str
    cache: redis.Redis
    objects: S3ObjectStore
    data_dir: Path

    async def content(self) -> dict[str, bytes]:
        """Every row, object, value and file by where it is."""
        found = self._rows() | self._values()
        for folder in ("audio-recordings", "knowledge-documents"):
            async for key, _ in self.objects.list(folder):
                content = b"".join([chunk async for chunk in self.objects.read(key)])
                found[f"objects {key}"] = key.encode() + content
        for path in self.data_dir.rglob("*"):
            found[f"file {path}"] = path.name.encode() + (
                path.read_bytes() if path.is_file() else b""
            )
        return found

    def _rows(self) -> dict[str, bytes]:
        found = {}
        with psycopg.connect(self.database_url) as connection:
            tables = connection.execute(
                "SELECT schemaname, tablename FROM pg_tables"
                " WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
            ).fetchall()
            for place in tables:
                whole = sql.SQL("SELECT t::text FROM {} t").format(sql.Identifier(*place))
                for number, (row,) in enumerate(connection.execute(whole)):
                    found[f"row {place[1]} {number}"] = row.encode()
        return found

    def _values(self) -> dict[str, bytes]:
        values = {}
        for key in self.cache.scan_iter():
            assert isinstance(key, bytes)
            values[f"cache {key!r}"] = key + self.cache.dump(key)  # type: ignore[operator]
        return values

    async def holding(self, *words: str) -> dict[str, list[str]]:
        """Where one of the words stands, by kind of store and table."""
        found: dict[str, list[str]] = {}
        for place, content in (await self.content()).items():
            if any(word.encode() in content for word in words):
                found.setdefault(place.split()[0], []).append(place)
        return found


async def exported(client: httpx.AsyncClient, key: dict[str, str]) -> dict[str, bytes]:
    answer = await client.get("/api/account/export", headers=key)
    assert answer.status_code == 200, answer.text
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    assert archive.testzip() is None
    return {name: archive.read(name) for name in archive.namelist()}


def ids(archive: dict[str, bytes]) -> set[str]:
    """Of everything in it that has one."""
    tables = [json.loads(text) for name, text in archive.items() if name.startswith("tables/")]
    return {row["id"] for rows in tables for row in rows if isinstance(row.get("id"), str)}


async def test_all_of_a_user_leaves_or_disappears_and_nothing_of_anybody_elses(
    tmp_path: Path,
    postgresql: PostgreSQL,
    s3: S3Server,
    redis_port: int,
    recording: MakeRecording,
) -> None:
    audio = recording(".mp3", seconds=4).read_bytes()
    data = tmp_path / "data"
    settings: dict[str, Any] = {
        "auth": "required",
        "database_url": postgresql.emptied_database(),
        "cache_url": f"redis://127.0.0.1:{redis_port}/9",
        "objects_url": f"s3://{BUCKET}/{tmp_path.name}",
        "s3_endpoint": s3.endpoint,
        "s3_access_key_id": ACCESS_KEY,
        "s3_secret_access_key": SECRET_KEY,
    }
    account = S3Account(s3.endpoint, "auto", ACCESS_KEY, SECRET_KEY)
    with redis.Redis(port=redis_port, db=9) as cache:
        stores = Stores(
            settings["database_url"],
            cache,
            S3ObjectStore(settings["objects_url"], account, tmp_path / "scratch"),
            data,
        )
        async with in_process(data, **settings) as client:
            key, other = await key_of(client, USER), await key_of(client, NEIGHBOUR)
            one = await filled(client, key, MARK, audio)
            await filled(client, other, OTHER, audio)
            await take_in(client, data, **settings)
            await state(client).account._cache.set(f"llm:{'0' * 64}", MARK.encode(), 3600)

            own = await exported(client, key)
            theirs = await exported(client, other)
            assert OTHER.encode() not in b"".join(own.values())
            objects = sorted(own[name] for name in own if name.startswith("objects/"))
            begun = [f"{MARK} {rest}".encode() for rest in ("begun", "part")]
            assert objects == sorted([audio, page(MARK), *begun])
            assert f"arrays/{one}-notes.npy" in own
            found = await search(client, other, OTHER)
            assert found

            before = await stores.holding(MARK, USER, *ids(own))
            assert {"row", "objects", "cache"} <= set(before)
            tables = {place.split()[1] for place in before["row"]}
            assert {"knowledge_chunks", "knowledge_vectors", "knowledge_word_counts"} <= tables
            assert (await client.delete("/api/account?confirm=erase", headers=key)).is_success
            assert (await client.get("/api/context", headers=key)).status_code == 401

            assert await stores.holding(MARK, USER, *ids(own)) == {}
            assert await exported(client, other) == theirs
            assert await search(client, other, OTHER) == found
            assert MARK not in json.dumps(await search(client, other, MARK))


async def search(client: httpx.AsyncClient, key: dict[str, str], words: str) -> Any:
    answer = await client.get("/api/knowledge/search", params={"q": words}, headers=key)
    return answer.json()["results"]
