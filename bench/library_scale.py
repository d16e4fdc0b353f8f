"""How search and ingestion hold at 100,000 chunks and more: ``python -m bench.library_scale``.

Takes one shared book in for real, and makes documents of 400 chunks of it and of its fellows; each
generated chunk is eight sentences drawn from all books. Its words stand in the real index; its
vectors are those of a real chunk with noise added and scaled to unit length, which is quick, keeps
real clusters, and leaves word and vector independent of each other.

``--chunks N`` sets the size, ``--data FOLDER`` keeps the library. Each of these asks a question of
its own instead: ``--rivals ENVIRONMENT`` asks LanceDB, FAISS and sqlite-vec (``--engines`` names
others: Qdrant's local mode and Chroma, which take minutes more) for the same vectors, each at the
recall of ours, where they are installed in that virtual environment (``pip install chromadb lancedb
faiss-cpu qdrant-client sqlite-vec``). ``--million`` holds ten times the library's vectors and
words in memory, without a database of that size, and asks both stages. ``--pages`` takes PDFs of
text in with models that cost nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import resource
import sqlite3
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from uuid import UUID, uuid4

import numpy as np
import numpy.typing as npt

from bench import rivals
from crescendai.adapters.cache.disk import DiskCache
from crescendai.adapters.database.engine import Database, sqlite_url
from crescendai.adapters.database.migrate import migrate
from crescendai.adapters.documents.process import ProcessParser
from crescendai.adapters.models.maxsim import MaxSimReranker
from crescendai.adapters.models.minilm import MiniLM, MiniLMEmbedder, english_words
from crescendai.adapters.objects.folder import FolderObjectStore
from crescendai.adapters.vectors.memory import MemoryVectorIndex
from crescendai.adapters.words.memory import MemoryWordIndex
from crescendai.adapters.words.postings import Postings, WordBlock
from crescendai.identity.service import Caller, IdentityService
from crescendai.knowledge.ingestion import IngestionService
from crescendai.knowledge.models import TextModels
from crescendai.knowledge.search import KnowledgeSearch, Weights
from crescendai.knowledge.service import KnowledgeService
from crescendai.knowledge.words import ChunkText, WordCounts, search_words
from crescendai.ports.embedding import ScriptedEmbedder, ScriptedReranker
from crescendai.ports.vectors import VectorBlock

SHARED = Path(os.environ.get("CRESCENDAI_SHARED", "../shared"))
REAL = "wieck_piano_and_song.txt"
CHUNKS_A_DOCUMENT = 400
BOOK = "A generated book"
RIVALS_VECTORS = 100_000  # some of them take minutes to build an index of more
COPIES, COPY_NUMBERS = 10, 10_000_000
WITHIN = 0.005  # of recall, below ours
QUICK_TO_BUILD = ("numpy", "faiss-hnsw", "faiss-ivf", "lancedb-ivf-rq", "sqlite-vec")
NOISE = 0.6  # the length of what is added to a vector of length 1
Vectors = npt.NDArray[np.float32]


async def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--chunks", type=int, default=100_000)
    arguments.add_argument("--data", type=Path)
    arguments.add_argument("--rivals", type=Path, metavar="ENVIRONMENT")
    arguments.add_argument("--engines", nargs="+", choices=rivals.ENGINES, default=QUICK_TO_BUILD)
    for flag in ("--million", "--pages"):
        arguments.add_argument(flag, action="store_true")
    chosen = arguments.parse_args()
    if chosen.rivals:
        sys.path += map(str, chosen.rivals.glob("lib/python*/site-packages"))  # ours come first
    with tempfile.TemporaryDirectory() as scratch:
        folder = (chosen.data or Path(scratch)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        database = Database(sqlite_url(folder))
        await migrate(database)
        caller = await IdentityService(database.transactions, False).ensure_user()
        model = MiniLM()
        models = TextModels(MiniLMEmbedder(model), MaxSimReranker(model))
        if chosen.pages:
            await report_pages(database, folder, caller)
            await database.close()
            return
        await take_in(database, folder, models, caller)
        fill(folder / "crescendai.db", caller.user_id, chosen.chunks, models.ids)
        if chosen.million:
            await report_million(folder / "crescendai.db", models, caller)
        elif chosen.rivals:
            await compare(folder / "crescendai.db", models, caller, chosen.engines)
        else:
            await report(database, folder, models, caller)
            await report_recall(folder / "crescendai.db", models, caller)
        await database.close()


async def take_in(database: Database, folder: Path, models: TextModels, caller: Caller) -> None:
    objects = FolderObjectStore(folder / "objects")
    service = KnowledgeService(transactions=database.transactions, objects=objects)
    ingestion = IngestionService(
        transactions=database.transactions, objects=objects, parser=ProcessParser(), models=models
    )

    async def blocks() -> AsyncIterator[bytes]:
        yield (SHARED / "corpus" / "books" / REAL).read_bytes()

    submitted = await service.submit(caller, REAL, blocks(), {})
    await ingestion.ingest(submitted.document.document_id)


def fill(path: Path, owner: UUID, wanted: int, model_ids: tuple[str, str]) -> None:
    """Generate what is missing, a document in one transaction."""
    began, rng = time.perf_counter(), np.random.default_rng(7)
    connection = sqlite3.connect(path)
    (held,) = connection.execute("SELECT count(*) FROM knowledge_chunks").fetchone()
    real = [
        (vectors, kept)
        for vectors, kept in connection.execute(
            "SELECT a.data, b.data FROM knowledge_model_data a JOIN knowledge_model_data b "
            "ON a.number = b.number AND a.model_id = ? AND b.model_id = ? "
            "ORDER BY a.number LIMIT 300",
            model_ids,
        )
    ]
    texts = _texts(rng)
    while held < wanted:
        _add_document(connection, owner, texts, real, model_ids, rng)
        held += CHUNKS_A_DOCUMENT
    connection.execute("UPDATE knowledge_revision SET value = value + 1")
    connection.commit()
    connection.close()
    print(f"{held} chunks, generated in {time.perf_counter() - began:.0f} s")


def _add_document(
    connection: sqlite3.Connection,
    owner: UUID,
    texts: Iterator[str],
    real: Sequence[tuple[bytes, bytes]],
    model_ids: tuple[str, str],
    rng: np.random.Generator,
) -> None:
    document = uuid4().hex
    (last,) = connection.execute("SELECT coalesce(max(number), 0) FROM knowledge_chunks").fetchone()
    numbers = range(last + 1, last + 1 + CHUNKS_A_DOCUMENT)
    connection.execute(
        "INSERT INTO knowledge_documents (id, owner_id, title, dimensions, filename, format, "
        "size_bytes, sha256, status, stage, percent, chunk_count, model_id, revision, created_at, "
        "updated_at) VALUES (?, ?, 'A generated book', '[]', 'g.txt', 'text', 1, ?, 'ready', "
        "'done', 100, ?, ?, 1, 0, 0)",
        (document, owner.hex, document, CHUNKS_A_DOCUMENT, "+".join(model_ids)),
    )
    own = [next(texts) for _ in numbers]
    connection.executemany(
        "INSERT INTO knowledge_chunks (number, id, document_id, ordinal, text, context, "
        "start_char, end_char, heading_path) "
        "VALUES (?, ?, ?, ?, ?, ?, 0, 1, '[]')",
        [(n, uuid4().hex, document, at, own[at], BOOK) for at, n in enumerate(numbers)],
    )
    counts = WordCounts.of([ChunkText(n, text, BOOK) for n, text in zip(numbers, own, strict=True)])
    connection.execute("INSERT INTO knowledge_word_counts VALUES (?, ?)", (document, counts.pack()))
    rows: list[tuple[int, str, bytes]] = []
    for number in numbers:
        vectors, kept = real[int(rng.integers(len(real)))]
        rows.append((number, model_ids[0], _varied(vectors, rng)))
        rows.append((number, model_ids[1], kept))
    connection.executemany("INSERT INTO knowledge_model_data VALUES (?, ?, ?)", rows)
    connection.commit()


def _varied(data: bytes, rng: np.random.Generator) -> bytes:
    rows = np.frombuffer(data, np.float16).astype(np.float32).reshape(-1, 384)
    rows = rows + rng.normal(size=rows.shape) * (NOISE / np.sqrt(384))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return bytes(rows.astype(np.float16).tobytes())


def _texts(rng: np.random.Generator) -> Iterator[str]:
    """Eight sentences of any books a time, without end."""
    whole = " ".join(
        path.read_text(encoding="utf-8") for path in (SHARED / "corpus" / "books").glob("*.txt")
    )
    sentences = [one for one in re.split(r"(?<=[.!?])\s+", whole) if 40 < len(one) < 400]
    while True:
        yield " ".join(sentences[at] for at in rng.integers(len(sentences), size=8))


def queries() -> list[str]:
    with (SHARED / "corpus" / "dev.jsonl").open(encoding="utf-8") as lines:
        return [json.loads(line)["query"] for line in lines]


async def report(database: Database, folder: Path, models: TextModels, caller: Caller) -> None:
    size_gb = (folder / "crescendai.db").stat().st_size / 1e9
    for name, weights in (("without", Weights(reranker=0)), ("with", Weights())):
        search = KnowledgeSearch(
            transactions=database.transactions,
            models=models,
            open_index=MemoryVectorIndex,
            words=MemoryWordIndex(database.transactions, english_words()),
            cache=DiskCache(folder / "cache"),
            weights=weights,
        )
        began = time.perf_counter()
        await search.warm_up()
        opened_sec = time.perf_counter() - began
        for query in queries()[:5]:
            await search.search(caller, f"{query} please")
        took, cpu = [], []
        for query in queries():
            at = time.process_time()
            took.append((await search.search(caller, query)).took_ms)
            cpu.append((time.process_time() - at) * 1000)
        print(
            f"| {name} reranking | {_percentiles(took)} | processor {_percentiles(cpu)} | "
            f"opened in {opened_sec:.1f} s |",
            flush=True,
        )
    peak_gb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"| on disk | {size_gb:.1f} GB | peak memory | {peak_gb:.1f} GB |")


async def report_recall(path: Path, models: TextModels, caller: Caller) -> None:
    """Of the ten nearest chunks by exact search, how many the vector stage finds."""
    numbers, vectors = _stored(path, models)
    index = MemoryVectorIndex()
    await index.update([rivals.block(numbers, vectors)], [])
    chunks, firsts = np.unique(numbers, return_index=True)
    shares = []
    for question in await models.embedder.embed(queries()):
        cosines = np.maximum.reduceat(vectors @ question, firsts)
        exact = set(chunks[np.argpartition(-cosines, 10)[:10]].tolist())
        found = {one.number for one in await index.nearest(question, caller.user_id, 10)}
        shares.append(len(found & exact) / 10)
    print(f"| recall@10 of the vector stage, {len(vectors)} vectors | {np.mean(shares):.3f} |")


def _stored(path: Path, models: TextModels) -> tuple[npt.NDArray[np.int64], Vectors]:
    """The library's vectors, a chunk's one after the other, with their chunks' numbers."""
    rows = sqlite3.connect(path).execute(
        "SELECT number, data FROM knowledge_model_data WHERE model_id = ? ORDER BY number",
        (models.embedder.model_id,),
    )
    numbers, data = zip(*rows, strict=True)
    vectors = np.frombuffer(b"".join(data), np.float16).reshape(-1, 384).astype(np.float32)
    return np.repeat(numbers, [len(one) // (2 * 384) for one in data]), vectors


def _percentiles(figures_ms: Sequence[float]) -> str:
    p50, p95 = np.percentile(figures_ms, [50, 95])
    return f"p50 {p50:.1f} ms, p95 {p95:.1f} ms"


async def report_million(path: Path, models: TextModels, caller: Caller) -> None:
    """The two stages over ten copies of the library; every copy's vectors are varied anew."""
    connection, rng = sqlite3.connect(path), np.random.default_rng(11)
    index, postings = MemoryVectorIndex(), Postings()
    began, chunks = time.perf_counter(), 0
    of_document = (
        "SELECT c.number, m.data FROM knowledge_model_data m JOIN knowledge_chunks c "
        "ON c.number = m.number WHERE m.model_id = ? AND c.document_id = ? ORDER BY c.number"
    )
    for document, packed in connection.execute(
        "SELECT document_id, data FROM knowledge_word_counts"
    ):
        rows = connection.execute(of_document, (models.embedder.model_id, document)).fetchall()
        counts = WordCounts.unpack(packed)
        each = [len(data) // (2 * 384) for _, data in rows]
        numbers = np.repeat([number for number, _ in rows], each).astype(np.int64)
        whole = b"".join(data for _, data in rows)
        for copy in range(COPIES):
            vectors = np.frombuffer(_varied(whole, rng), np.float16).reshape(-1, 384)
            identity, first = uuid4(), copy * COPY_NUMBERS
            block = VectorBlock(identity, None, numbers + first, vectors.astype(np.float32))
            await index.update([block], [])
            moved = replace(counts, numbers=counts.numbers + first)
            postings.update([WordBlock(identity, None, moved)], [])
            chunks += len(rows)
    built_sec = time.perf_counter() - began
    both: list[float] = []
    near_ms: list[float] = []
    words_ms: list[float] = []
    for query, vector in zip(queries(), await models.embedder.embed(queries()), strict=True):
        at = [time.perf_counter()]
        await index.nearest(vector, caller.user_id, 100)
        at.append(time.perf_counter())
        postings.match(search_words(query), caller.user_id, 300)
        at.append(time.perf_counter())
        near, matched = np.diff(at) * 1000
        near_ms.append(near)
        words_ms.append(matched)
        both.append(near + matched)
    print(
        f"| {chunks} chunks, both stages one after the other | {_percentiles(both)} | vectors "
        f"{_percentiles(near_ms)} | words {_percentiles(words_ms)} | built in {built_sec:.0f} s | "
        f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.1f} GB |",
        flush=True,
    )


async def report_pages(database: Database, folder: Path, caller: Caller) -> None:
    """Everything but the models: parsing in its child process, chunks, words, the database."""
    objects = FolderObjectStore(folder / "objects")
    service = KnowledgeService(transactions=database.transactions, objects=objects)
    ingestion = IngestionService(
        transactions=database.transactions,
        objects=objects,
        parser=ProcessParser(),
        models=TextModels(ScriptedEmbedder(), ScriptedReranker()),
    )
    for path in sorted((SHARED / "corpus" / "pdf").glob("*.pdf")):

        async def blocks(path: Path = path) -> AsyncIterator[bytes]:
            yield path.read_bytes()

        submitted = await service.submit(caller, path.name, blocks(), {})
        began, cpu = time.perf_counter(), time.process_time()
        await ingestion.ingest(submitted.document.document_id)
        took_sec, cpu_sec = time.perf_counter() - began, time.process_time() - cpu
        document = await service.get(caller, submitted.document.document_id)
        pages = document.page_count or 0
        print(
            f"| {path.name} | {pages} pages | {document.chunk_count} chunks | {took_sec:.1f} s | "
            f"{60 * pages / took_sec:.0f} pages a minute | processor {cpu_sec:.1f} s |",
            flush=True,
        )


async def compare(path: Path, models: TextModels, caller: Caller, engines: Sequence[str]) -> None:
    """The vector stage alone, for everybody over the same vectors, each at the recall of ours."""
    vectors = _stored(path, models)[1][:RIVALS_VECTORS]
    questions = list(await models.embedder.embed(queries()))
    exact = [set(np.argpartition(-(vectors @ one), 10)[:10].tolist()) for one in questions]
    aim = 0.0
    for name in ("ours", *engines):
        opened = _ours(caller) if name == "ours" else rivals.ENGINES[name]
        try:
            began = time.perf_counter()
            asks = opened(vectors)
            setting, ask = await asyncio.to_thread(next, asks)
            built_sec = time.perf_counter() - began
        except ImportError as error:
            print(f"| {name} | not measured: {error} |")
            continue
        took, share = await asyncio.to_thread(_asked, ask, questions, exact)
        while share < aim - WITHIN and (another := next(asks, None)) is not None:
            setting, ask = another
            took, share = await asyncio.to_thread(_asked, ask, questions, exact)
        aim = aim or share
        print(
            f"| {name} | {setting} | {_percentiles(took)} | recall@10 {share:.3f} | "
            f"built in {built_sec:.0f} s |",
            flush=True,
        )


def _asked(
    ask: rivals.Ask, questions: Sequence[Vectors], exact: Sequence[set[int]]
) -> tuple[list[float], float]:
    """Milliseconds of each question, and the share of the ten nearest that were found."""
    took, shares = [], []
    for question, truth in zip(questions, exact, strict=True):
        began = time.perf_counter()
        found = set(ask(question))
        took.append((time.perf_counter() - began) * 1000)
        shares.append(len(found & truth) / 10)
    return took, float(np.mean(shares))


def _ours(caller: Caller) -> Callable[[Vectors], rivals.Asks]:
    def opened(vectors: Vectors) -> rivals.Asks:
        index, loop = MemoryVectorIndex(), asyncio.new_event_loop()
        loop.run_until_complete(index.update([rivals.block(np.arange(len(vectors)), vectors)], []))

        def ask(query: Vectors) -> list[int]:
            nearest = loop.run_until_complete(index.nearest(query, caller.user_id, 10))
            return [one.number for one in nearest]

        yield "as it comes", ask

    return opened


if __name__ == "__main__":
    asyncio.run(main())
