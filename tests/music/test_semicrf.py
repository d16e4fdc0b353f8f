"""The decoder against every possible set of intervals."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, combinations

import numpy as np
import numpy.typing as npt
import pytest

from crescendai.music.semicrf import Intervals, decode, scores

Floats = npt.NDArray[np.float32]
Interval = tuple[int, int]


def compatible(one: Interval, other: Interval) -> bool:
    return one[1] <= other[0] or other[1] <= one[0]


def all_sets(frames: int, start: int) -> Iterator[tuple[Interval, ...]]:
    every = [(b, e) for b in range(start, frames) for e in range(b, frames)]
    subsets = chain.from_iterable(combinations(every, n) for n in range(2 * frames))
    for chosen in subsets:
        if all(compatible(a, b) for a, b in combinations(chosen, 2)):
            yield chosen


def score(chosen: tuple[Interval, ...], affinity: Floats, single: Floats) -> float:
    return sum(float(single[b]) if b == e else float(affinity[b, e]) * (e - b) for b, e in chosen)


def decoded(affinity: list[Floats], single: Floats, start: list[int]) -> list[set[Interval]]:
    result = decode(affinity, single, np.array(start, np.int64))
    rows = list(zip(*(column.tolist() for column in result), strict=True))
    assert rows == sorted(rows)
    return [{(b, e) for t, b, e in rows if t == track} for track in range(len(single))]


@pytest.mark.parametrize("seed", range(6))
def test_decode_finds_the_best_of_all_sets(seed: int) -> None:
    tracks, frames = 5, 4
    random = np.random.default_rng(seed)
    affinity = random.normal(-0.3, 1, (tracks, frames, frames)).astype(np.float32)
    single = random.normal(-0.3, 1, (tracks, frames)).astype(np.float32)
    start = random.integers(0, 3, tracks).tolist()

    found = decoded([affinity], single, start)

    for track in range(tracks):
        candidates = all_sets(frames, start[track])
        best = max(candidates, key=lambda c: score(c, affinity[track], single[track]))
        assert found[track] == set(best)


def test_blocks_of_begins_give_the_same_as_one_block() -> None:
    random = np.random.default_rng(1)
    affinity = random.normal(0, 1, (3, 20, 20)).astype(np.float32)
    single = random.normal(-1, 1, (3, 20)).astype(np.float32)
    blocks = [affinity[:, :8], affinity[:, 8:15, 8:], affinity[:, 15:, 15:]]

    whole, parts = decode([affinity], single), decode(blocks, single)

    assert len(whole.track) > 3
    assert all(np.array_equal(a, b) for a, b in zip(whole, parts, strict=True))


def test_below_the_diagonal_nothing_is_read() -> None:
    affinity = np.full((1, 4, 4), -1, np.float32)
    affinity[0][np.tril_indices(4)] = np.nan
    affinity[0, 0, 3] = 1
    assert decoded([affinity], np.full((1, 4), -1, np.float32), [0])[0] == {(0, 3)}


def test_nothing_found_is_three_empty_columns() -> None:
    result = decode([np.full((2, 3, 3), -1, np.float32)], np.full((2, 3), -1, np.float32))
    assert [column.shape for column in result] == [(0,), (0,), (0,)]


def test_shapes_that_do_not_fit_are_refused() -> None:
    single = np.zeros((2, 5), np.float32)
    with pytest.raises(ValueError, match="expected 5 as in single"):
        decode([np.zeros((2, 4, 5), np.float32)], single)
    with pytest.raises(ValueError, match="a block of affinity has shape"):
        decode([np.zeros((2, 3, 5), np.float32), np.zeros((2, 2, 5), np.float32)], single)
    with pytest.raises(ValueError, match="start has shape"):
        decode([np.zeros((2, 5, 5), np.float32)], single, np.zeros(3, np.int64))


def test_scores_are_those_of_the_arrays_whatever_the_blocks() -> None:
    random = np.random.default_rng(0)
    affinity = random.normal(0, 1, (3, 5, 5)).astype(np.float32)
    single = random.normal(0, 1, (3, 5)).astype(np.float32)
    found = Intervals(np.array([0, 0, 2]), np.array([0, 3, 1]), np.array([2, 3, 4]))
    expected = [2 * affinity[0, 0, 2], single[0, 3], 3 * affinity[2, 1, 4]]
    whole = scores([affinity], single, found)
    assert whole == pytest.approx(expected)
    blocks = [affinity[:, :2], affinity[:, 2:, 2:]]
    assert scores(blocks, single, found) == pytest.approx(whole)
