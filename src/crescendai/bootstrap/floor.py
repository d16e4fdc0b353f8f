"""The opened adapters, chosen by the settings, that every process stands on."""

from __future__ import annotations

import errno
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crescendai.adapters.cache.counted import CountedCache
from crescendai.adapters.changes.polled import PolledChanges
from crescendai.adapters.database.engine import Database, sqlite_url
from crescendai.adapters.database.migrate import migrate
from crescendai.adapters.models.library_models import LibraryModels
from crescendai.adapters.objects.folder import FolderObjectStore
from crescendai.adapters.secret import server_secret
from crescendai.bootstrap.tables import SCHEMA
from crescendai.errors import InvalidInput
from crescendai.knowledge.models import TextModels
from crescendai.settings import Settings

if TYPE_CHECKING:  # clients take long to import; each is when it is opened
    from crescendai.adapters.cache.disk import DiskCache
    from crescendai.adapters.cache.redis import RedisCache
    from crescendai.adapters.changes.redis import RedisChanges
    from crescendai.adapters.models.fallback import FallbackModel
    from crescendai.adapters.models.openai_chat import OpenAIChatModel
    from crescendai.adapters.objects.s3 import S3ObjectStore
    from crescendai.adapters.redis.link import RedisLink


assert SCHEMA  # knows every table


@dataclass(frozen=True)
class Floor:
    """The opened adapters that everything stands on. Models load at their first use."""

    settings: Settings
    database: Database
    objects: FolderObjectStore | S3ObjectStore
    redis: RedisLink | None
    cache: DiskCache | RedisCache
    changes: PolledChanges | RedisChanges
    counted_cache: CountedCache
    library_models: LibraryModels
    language_model: OpenAIChatModel | FallbackModel | None

    @property
    def text_models(self) -> TextModels:
        return self.library_models.text_models

    async def close(self) -> None:
        if self.language_model is not None:
            await self.language_model.close()
        await self.library_models.close()
        await self.changes.close()
        await self.cache.close()
        if self.redis is not None:
            await self.redis.close()
        await self.database.close()


def open_floor(settings: Settings) -> Floor:
    """Raises InvalidInput when the data folder cannot be used."""
    data = settings.data_dir
    try:
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not os.access(data, os.W_OK):
            raise OSError(errno.EROFS, "it may not be written to")
        redis, cache, changes = _open_cache(settings)
        return Floor(
            settings=settings,
            database=Database(
                settings.postgresql_url or sqlite_url(data.resolve()), settings.database_connections
            ),
            objects=open_objects(settings),
            redis=redis,
            cache=cache,
            changes=changes,
            counted_cache=CountedCache(cache),
            library_models=LibraryModels(settings),
            language_model=_open_language_model(settings),
        )
    except OSError as error:
        raise InvalidInput(
            "data_dir_unusable",
            f"CRESCENDAI_DATA_DIR is {data}, which cannot be used: {error.strerror}.",
        ) from error


def _open_cache(
    settings: Settings,
) -> tuple[RedisLink | None, DiskCache | RedisCache, PolledChanges | RedisChanges]:
    if settings.cache_url is None:
        from crescendai.adapters.cache.disk import DiskCache

        return None, DiskCache((settings.data_dir / "cache").resolve()), PolledChanges()
    from crescendai.adapters.cache.redis import RedisCache
    from crescendai.adapters.changes.redis import RedisChanges
    from crescendai.adapters.redis.link import RedisLink

    redis = RedisLink(settings.cache_url)
    return redis, RedisCache(redis), RedisChanges(redis)


def open_objects(settings: Settings) -> FolderObjectStore | S3ObjectStore:
    data = settings.data_dir.resolve()
    if settings.objects_url is None:
        secret = server_secret(data, settings.given_secret)
        return FolderObjectStore(data / "objects", secret)
    from crescendai.adapters.objects.s3 import S3Account, S3ObjectStore

    s3_secret = settings.s3_secret_access_key
    account = S3Account(
        endpoint=settings.s3_endpoint,
        region=settings.s3_region,
        access_key_id=settings.s3_access_key_id,
        secret_access_key=None if s3_secret is None else s3_secret.get_secret_value(),
    )
    return S3ObjectStore(settings.objects_url, account, data / "scratch" / "objects")


def _open_language_model(settings: Settings) -> OpenAIChatModel | FallbackModel | None:
    if settings.language_model is None:
        return None
    from crescendai.adapters.models.fallback import FallbackModel
    from crescendai.adapters.models.openai_chat import OpenAIChatModel

    url, key = settings.language_model
    first = OpenAIChatModel(base_url=url, api_key=key, model=settings.llm_model)
    if settings.llm_fallback_url is None:
        return first
    second = OpenAIChatModel(
        base_url=settings.llm_fallback_url,
        api_key=settings.key_of(settings.llm_fallback_api_key),
        model=settings.llm_fallback_model or settings.llm_model,
    )
    return FallbackModel(first, second)


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Floor]:
    """A floor on an up-to-date schema, closed at the end of the block."""
    floor = open_floor(settings)
    try:
        await migrate(floor.database)
        yield floor
    finally:
        await floor.close()
