"""How pgvector finds the nearest vectors: ``python -m bench.pgvector [--chunks 20000]``.

Stores that many chunks of three vectors each (384 dimensions, in clusters as texts are, all of one
owner) through the adapter's own tables in a real PostgreSQL, and asks 100 questions: comparing all
of them, by the graph at several depths, and with the embedded index in memory beside it in the same
run. Prints recall of the ten nearest chunks against comparing everything in float32, times, and
bytes a vector.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable
from uuid import UUID, uuid4

import numpy as np
import numpy.typing as npt
from sqlalchemy import text

from crescendai.adapters.database.engine import Database
from crescendai.adapters.database.migrate import migrate
from crescendai.adapters.vectors import pgvector
from crescendai.adapters.vectors.memory import MemoryVectorIndex
from crescendai.adapters.vectors.pgvector import PgVectorIndex
from crescendai.bootstrap.tables import SCHEMA
from crescendai.ports.vectors import Neighbour, VectorBlock
from tests.contracts.test_vectors import CLARA, DIMENSIONS, StoredShelf
from tests.fixtures.postgresql import started

assert SCHEMA  # knows every table

QUESTIONS, WANTED, BATCH = 100, 10, 500
RNG = np.random.default_rng(11)
Search = Callable[[npt.NDArray[np.float32], UUID, int], Awaitable[list[Neighbour]]]


def blocks(chunks: int) -> list[VectorBlock]:
    """Documents of ``BATCH`` chunks; a chunk's three vectors lie near one another."""
    centres = RNG.normal(size=(chunks // 50, DIMENSIONS))
    made = []
    for first in range(0, chunks, BATCH):
        own = centres[RNG.integers(0, len(centres), BATCH)]
        own = own + 0.8 * RNG.normal(size=own.shape)
        vectors = np.repeat(own, 3, axis=0) + 0.3 * RNG.normal(size=(3 * BATCH, DIMENSIONS))
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        numbers = np.repeat(np.arange(first, first + BATCH), 3) + 1
        made.append(VectorBlock(uuid4(), CLARA, numbers, vectors.astype(np.float32)))
    return made


def truth(held: list[VectorBlock], query: npt.NDArray[np.float32]) -> set[int]:
    numbers = np.concatenate([one.numbers for one in held])
    cosines = np.concatenate([one.vectors @ query for one in held])
    order = numbers[np.argsort(-cosines)]
    return set(list(dict.fromkeys(order.tolist()))[:WANTED])


async def ask(
    name: str, search: Search, questions: list[npt.NDArray[np.float32]], right: list[set[int]]
) -> None:
    shares, times = [], []
    for query, expected in zip(questions, right, strict=True):
        began = time.perf_counter()
        found = {one.number for one in await search(query, CLARA, WANTED)}
        times.append((time.perf_counter() - began) * 1000)
        shares.append(len(found & expected) / WANTED)
    p95 = statistics.quantiles(times, n=20)[-1]
    print(f"| {name} | {np.mean(shares):.3f} | {statistics.median(times):.1f} ms | {p95:.1f} ms |")


async def measure(url: str, chunks: int) -> None:
    database = Database(url)
    await migrate(database)
    async with database.transactions.write() as session:
        await session.execute(
            text("INSERT INTO users VALUES (CAST(:id AS uuid), 'one', 0)"), {"id": str(CLARA)}
        )
    held = blocks(chunks)
    stored = StoredShelf(PgVectorIndex(database.transactions), database.transactions)
    memory = MemoryVectorIndex()
    began = time.perf_counter()
    for one in held:
        await stored.hold([one], [])
    took = time.perf_counter() - began
    await memory.update(held, [])
    picked = RNG.integers(0, chunks * 3 - 1, QUESTIONS)
    every = np.concatenate([one.vectors for one in held])
    questions = [
        (q / np.linalg.norm(q)).astype(np.float32)
        for q in every[picked] + 0.05 * RNG.normal(size=(QUESTIONS, DIMENSIONS))
    ]
    right = [truth(held, query) for query in questions]
    print(f"{chunks} chunks, {len(every)} vectors, stored in {took:.0f} s\n")
    print(f"| how | recall@{WANTED} | p50 | p95 |\n|---|---|---|---|")
    await ask("in memory (embedded)", memory.nearest, questions, right)
    everything = PgVectorIndex(database.transactions, exact_chunks=chunks)
    await ask("pgvector, all compared", everything.nearest, questions, right)
    graph = PgVectorIndex(database.transactions, exact_chunks=0)
    for ef in (40, 200, 400, 800):
        pgvector._LEAST_EF = ef
        await ask(f"pgvector, by graph, ef {ef}", graph.nearest, questions, right)
    async with database.transactions.read() as session:
        sizes = await session.execute(
            text(
                "SELECT pg_table_size('knowledge_vectors'),"
                " pg_relation_size('ix_knowledge_vectors_nearest_384')"
            )
        )
        table, index = sizes.one()
    print(
        f"\nbytes a vector: {table / len(every):.0f} in the table, {index / len(every):.0f} graph"
    )
    await database.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chunks", type=int, default=20_000)
    chunks = parser.parse_args().chunks
    with started() as server:
        asyncio.run(measure(server.new_database(), chunks))


if __name__ == "__main__":
    main()
