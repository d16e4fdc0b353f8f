"""Objects in any store that speaks S3: AWS, Cloudflare R2, SeaweedFS, MinIO, Ceph."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import ObjectStore as Store
from obstore.store import S3Store

from crescendai.adapters.objects.stored import StoredObjects, trouble
from crescendai.ports.objects import Method

_PINGED_BUCKET = "audio-recordings"


@dataclass(frozen=True)
class S3Account:
    """Where the store is and who asks. What is None comes from the AWS_… variables."""

    endpoint: str | None = None
    region: str | None = None
    access_key_id: str | None = None
    secret_access_key: str | None = None


class S3ObjectStore(StoredObjects):
    """The ObjectStore port over S3.

    ``url`` is ``s3://BUCKET`` or ``s3://BUCKET/PREFIX``; ``s3://`` alone takes the first step of
    each key (``audio-recordings``, ``knowledge-documents``) as its bucket. ``scratch`` is where an
    object lies while it is read as a file.
    """

    def __init__(self, url: str, account: S3Account, scratch: Path) -> None:
        parts = urlsplit(url)
        self._bucket, self._prefix = parts.netloc, parts.path.strip("/")
        self._account = account
        self._scratch = scratch
        self._stores: dict[str, S3Store] = {}

    def _place(self, key: str) -> tuple[Store, str]:
        if self._bucket:
            return self._open(self._bucket), f"{self._prefix}/{key}".lstrip("/")
        bucket, _, path = key.partition("/")
        return self._open(bucket), path

    def _open(self, bucket: str) -> S3Store:
        if bucket not in self._stores:
            self._stores[bucket] = _open(bucket, self._account)
        return self._stores[bucket]

    @asynccontextmanager
    async def as_file(self, key: str) -> AsyncIterator[Path]:
        self._scratch.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.NamedTemporaryFile(dir=self._scratch, suffix=Path(key).suffix) as file:
            try:
                async for chunk in self.read(key):
                    file.write(chunk)
                file.flush()
            except OSError as error:
                raise trouble(error) from error
            yield Path(file.name)

    async def sign(self, method: Method, key: str, expires_sec: int) -> str:
        store, path = self._checked(key)
        assert isinstance(store, S3Store)
        return await obstore.sign_async(store, method, path, timedelta(seconds=expires_sec))

    async def remove_unfinished(self) -> None:
        """Nothing: unfinished uploads are ended by a rule of the bucket (see the guide)."""

    async def ping(self) -> None:
        store = self._open(self._bucket or _PINGED_BUCKET)
        try:
            await obstore.list_with_delimiter_async(store, prefix="ping")
        except (BaseError, OSError) as error:
            raise trouble(error) from error


def _open(bucket: str, account: S3Account) -> S3Store:
    given = {
        "endpoint": account.endpoint,
        "region": account.region,
        "access_key_id": account.access_key_id,
        "secret_access_key": account.secret_access_key,
    }
    return S3Store(
        bucket,
        config={name: value for name, value in given.items() if value is not None},  # type: ignore[arg-type]
        client_options={"allow_http": True, "connect_timeout": "3s", "timeout": "30s"},
        retry_config={
            "max_retries": 2,
            "retry_timeout": timedelta(seconds=10),
            "backoff": {
                "init_backoff": timedelta(milliseconds=100),
                "max_backoff": timedelta(seconds=2),
                "base": 2,
            },
        },
    )
