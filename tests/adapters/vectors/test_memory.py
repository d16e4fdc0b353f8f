from __future__ import annotations

from uuid import UUID, uuid4

import numpy as np

from crescendai.adapters.vectors.memory import MemoryVectorIndex
from crescendai.ports.vectors import VectorBlock
from tests.fixtures.vectors import NUMBERS, RNG, block, by_hand

CLARA, ROBERT = uuid4(), uuid4()


def large(owner: UUID | None, chunks: int = 5000) -> VectorBlock:
    """More vectors than are compared exactly, in clusters as texts are."""
    centres = RNG.normal(size=(60, 128))
    vectors = centres[RNG.integers(0, 60, chunks * 2)] + RNG.normal(size=(chunks * 2, 128))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    numbers = np.repeat(next(NUMBERS) * 100_000 + np.arange(chunks), 2)
    return VectorBlock(uuid4(), owner, numbers, vectors.astype(np.float32))


async def test_nearly_all_of_the_nearest_are_found_among_many() -> None:
    blocks = [large(CLARA), large(CLARA)]
    index = MemoryVectorIndex()
    for one in blocks:
        await index.update([one], [])
    shares = []
    for row in range(0, 4000, 200):
        query = blocks[0].vectors[row] + RNG.normal(size=128).astype(np.float32) * 0.05
        query /= np.linalg.norm(query)
        found = {one.number for one in await index.nearest(query, CLARA, 10)}
        shares.append(len(found & set(by_hand(query, blocks)[:10])) / 10)
    assert np.mean(shares) >= 0.95


async def test_a_large_shelf_is_narrowed_and_forgets() -> None:
    first, second = large(CLARA), large(CLARA)
    index = MemoryVectorIndex()
    await index.update([first, second], [])
    query = first.vectors[3]
    found = await index.nearest(query, CLARA, 20, {second.document_id})
    assert {one.number for one in found} <= set(second.numbers.tolist())
    assert len(found) == 20
    await index.update([], [first.document_id])
    found = await index.nearest(query, CLARA, 20)
    assert {one.number for one in found} <= set(second.numbers.tolist())
    again = block(CLARA)
    again = VectorBlock(uuid4(), CLARA, again.numbers, np.pad(again.vectors, ((0, 0), (0, 112))))
    await index.update([again], [])
    best = await index.nearest(again.vectors[0], CLARA, 1)
    assert best[0].number == again.numbers[0]
