from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from uuid import UUID

import pytest

from crescendai.adapters.cache.disk import DiskCache
from crescendai.adapters.database.engine import Database
from crescendai.adapters.documents.process import ProcessParser
from crescendai.adapters.models.maxsim import MaxSimReranker
from crescendai.adapters.models.minilm import MiniLM, MiniLMEmbedder, english_words
from crescendai.adapters.objects.folder import FolderObjectStore
from crescendai.adapters.vectors.memory import MemoryVectorIndex
from crescendai.adapters.vectors.pgvector import PgVectorIndex
from crescendai.adapters.words.memory import MemoryWordIndex
from crescendai.identity.service import Caller, IdentityService
from crescendai.kit.sql import Transactions
from crescendai.knowledge.ingestion import IngestionService
from crescendai.knowledge.models import TextModels
from crescendai.knowledge.reindexing import ReindexService
from crescendai.knowledge.schemas import Document
from crescendai.knowledge.search import KnowledgeSearch
from crescendai.knowledge.service import KnowledgeService, Submitted
from crescendai.ports.documents import DocumentParser
from crescendai.ports.embedding import (
    Embedder,
    Reranker,
    ScriptedEmbedder,
    ScriptedReranker,
    Vectors,
)
from crescendai.ports.vectors import VectorIndex
from tests.fixtures.sqlite import migrated_sqlite


@dataclass
class Library:
    """The slice on a real database and real folders. ``new_search`` is another process's."""

    folder: Path
    transactions: Transactions
    objects: FolderObjectStore
    cache: DiskCache
    identity: IdentityService
    embedder: Embedder
    reranker: Reranker
    parser: DocumentParser
    service: KnowledgeService
    ingestion: IngestionService
    search: KnowledgeSearch
    open_index: Callable[[], VectorIndex]

    @property
    def models(self) -> TextModels:
        return TextModels(self.embedder, self.reranker)

    def new_search(self, models: TextModels | None = None) -> KnowledgeSearch:
        return KnowledgeSearch(
            transactions=self.transactions,
            models=models or self.models,
            open_index=self.open_index,
            words=MemoryWordIndex(self.transactions),
            cache=self.cache,
        )

    def new_reindexing(self, models: TextModels | None = None) -> ReindexService:
        return ReindexService(transactions=self.transactions, models=models or self.models)

    def new_ingestion(self, embedder: Embedder) -> IngestionService:
        return self.ingestion_by(TextModels(embedder, self.reranker))

    def ingestion_by(self, models: TextModels) -> IngestionService:
        return IngestionService(
            transactions=self.transactions,
            objects=self.objects,
            parser=self.parser,
            models=models,
        )

    async def submit(self, caller: Caller, name: str, content: bytes, **fields: str) -> Submitted:
        return await self.service.submit(caller, name, stream(content), fields)

    async def take_in(self, caller: Caller, name: str, content: bytes, **fields: str) -> Document:
        submitted = await self.submit(caller, name, content, **fields)
        await self.ingestion.ingest(submitted.document.document_id)
        return await self.service.get(caller, submitted.document.document_id)

    def stored_files(self) -> list[str]:
        return sorted(path.name for path in (self.folder / "objects").rglob("*") if path.is_file())

    async def ingest_all(self, caller: Caller) -> None:
        for document in (await self.service.list(caller, None, 200)).items:
            await self.ingestion.ingest(UUID(str(document.document_id)))


async def stream(content: bytes, size: int = 700) -> AsyncIterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


@asynccontextmanager
async def opened_library(
    folder: Path,
    embedder: Embedder,
    reranker: Reranker,
    handbook: Path | None = None,
    database_url: str | None = None,
) -> AsyncIterator[Library]:
    database = Database(database_url or migrated_sqlite(folder))
    open_index: Callable[[], VectorIndex] = MemoryVectorIndex
    if database.engine.dialect.name == "postgresql":
        open_index = partial(PgVectorIndex, database.transactions)
    transactions, objects = database.transactions, FolderObjectStore(folder / "objects")
    cache, parser = DiskCache(folder / "cache"), ProcessParser()
    library = Library(
        folder=folder,
        transactions=transactions,
        objects=objects,
        cache=cache,
        identity=IdentityService(transactions, False),
        embedder=embedder,
        reranker=reranker,
        parser=parser,
        service=KnowledgeService(
            transactions=transactions,
            objects=objects,
            max_document_bytes=1 << 20,
            handbook=handbook,
        ),
        ingestion=IngestionService(
            transactions=transactions,
            objects=objects,
            parser=parser,
            models=TextModels(embedder, reranker),
        ),
        search=KnowledgeSearch(
            transactions=transactions,
            models=TextModels(embedder, reranker),
            open_index=open_index,
            words=MemoryWordIndex(transactions, english_words()),
            cache=cache,
        ),
        open_index=open_index,
    )
    yield library
    await cache.close()
    await database.close()


@pytest.fixture
def articles(tmp_path: Path) -> Path:
    """An empty handbook to write articles into."""
    folder = tmp_path / "handbook"
    folder.mkdir()
    return folder


@pytest.fixture
async def library(tmp_path: Path, articles: Path, database_url: str) -> AsyncIterator[Library]:
    embedder, reranker = ScriptedEmbedder(), ScriptedReranker()
    async with opened_library(tmp_path, embedder, reranker, articles, database_url) as opened:
        yield opened


@pytest.fixture
async def caller(library: Library) -> Caller:
    return await library.identity.ensure_user("clara")


@pytest.fixture
async def stranger(library: Library) -> Caller:
    return await library.identity.ensure_user("robert")


class Shipped(MiniLMEmbedder):
    """Must not be asked: the handbook has been read beforehand."""

    async def embed(self, texts: Sequence[str]) -> Vectors:
        raise AssertionError("The readings are stale: run `python -m tools.read_handbook`.")


@pytest.fixture(scope="session")
def handbook_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder that holds the packaged handbook, with its shipped readings."""
    folder = tmp_path_factory.mktemp("handbook-library")

    async def take_in() -> None:
        model = MiniLM()
        async with opened_library(folder, Shipped(model), MaxSimReranker(model)) as opened:
            await opened.service.ensure_handbook()
            await opened.ingest_all(await opened.identity.ensure_user())

    asyncio.run(take_in())
    return folder
