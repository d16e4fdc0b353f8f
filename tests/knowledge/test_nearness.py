from __future__ import annotations

import numpy as np
import pytest

from crescendai.knowledge.models import write_vectors
from crescendai.knowledge.nearness import Near
from crescendai.ports.embedding import ScriptedEmbedder

EAST, NORTH, BETWEEN = [1.0, 0.0], [0.0, 1.0], [0.6, 0.8]


def near(query: list[float]) -> Near:
    return Near(ScriptedEmbedder(2), np.array(query, np.float32), [])


def stored(*windows: list[float]) -> bytes:
    return write_vectors(np.array(windows, np.float32))


def test_a_chunk_is_as_similar_as_its_nearest_window() -> None:
    found = near(EAST).similarities({7: stored(NORTH, BETWEEN), 9: stored(EAST), 11: b""})
    assert found == pytest.approx({7: 0.6, 9: 1.0}, abs=1e-3)


def test_chunks_are_alike_by_the_windows_that_the_query_is_nearest_to() -> None:
    chunks = {1: stored(NORTH, EAST), 2: stored(NORTH), 3: stored(BETWEEN), 4: b""}
    assert near(EAST).likeness(chunks, [1]) == pytest.approx({1: 1.0, 2: 0.0, 3: 0.6}, abs=1e-3)
    assert near(EAST).likeness(chunks, [4]) == {}
    assert near(EAST).likeness({}, []) == {}
