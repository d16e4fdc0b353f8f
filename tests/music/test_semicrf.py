"""The decoder against every possible set of intervals."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, combinations

import numpy as np
import numpy.typing as npt
import pytest

from crescendai.music.semicrf import Choices, choose, follow

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
    result, _ = follow(choose(affinity, single), np.array(start, np.int64))
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

    (whole, scores), (parts, same) = (follow(choose(a, single)) for a in ([affinity], blocks))

    assert len(whole.track) > 3
    assert all(np.array_equal(a, b) for a, b in zip(whole, parts, strict=True))
    assert np.array_equal(scores, same)


def test_below_the_diagonal_nothing_is_read() -> None:
    affinity = np.full((1, 4, 4), -1, np.float32)
    affinity[0][np.tril_indices(4)] = np.nan
    affinity[0, 0, 3] = 1
    assert decoded([affinity], np.full((1, 4), -1, np.float32), [0])[0] == {(0, 3)}


def test_nothing_found_is_three_empty_columns() -> None:
    choices = choose([np.full((2, 3, 3), -1, np.float32)], np.full((2, 3), -1, np.float32))
    intervals, scores = follow(choices)
    assert [column.shape for column in (*intervals, scores)] == [(0,), (0,), (0,), (0,)]


def test_shapes_that_do_not_fit_are_refused() -> None:
    single = np.zeros((2, 5), np.float32)
    with pytest.raises(ValueError, match="expected 5 as in single"):
        choose([np.zeros((2, 4, 5), np.float32)], single)
    with pytest.raises(ValueError, match="a block of affinity has shape"):
        choose([np.zeros((2, 3, 5), np.float32), np.zeros((2, 2, 5), np.float32)], single)
    with pytest.raises(ValueError, match="start has shape"):
        follow(choose([np.zeros((2, 5, 5), np.float32)], single), np.zeros(3, np.int64))


def test_every_interval_comes_with_its_score() -> None:
    random = np.random.default_rng(0)
    affinity = random.normal(0, 1, (3, 9, 9)).astype(np.float32)
    single = random.normal(0, 1, (3, 9)).astype(np.float32)
    for blocks in ([affinity], [affinity[:, :4], affinity[:, 4:, 4:]]):
        found, scores = follow(choose(blocks, single))
        assert {begin == end for _, begin, end in zip(*found, strict=True)} == {True, False}
        for track, begin, end, given in zip(*found, scores, strict=True):
            longer = affinity[track, begin, end] * (end - begin)
            assert given == pytest.approx(single[track, begin] if begin == end else longer)
            assert given > 0  # or rest were better


def test_groups_of_tracks_are_joined_to_what_all_together_give() -> None:
    random = np.random.default_rng(2)
    affinity = random.normal(0, 1, (5, 12, 12)).astype(np.float32)
    single = random.normal(0, 1, (5, 12)).astype(np.float32)
    groups = [choose([affinity[part]], single[part]) for part in (slice(0, 2), slice(2, 5))]
    start = np.array([0, 3, 1, 11, 0])

    (whole, scores), (parts, same) = (
        follow(choices, start) for choices in (choose([affinity], single), Choices.joined(groups))
    )

    assert all(np.array_equal(a, b) for a, b in zip(whole, parts, strict=True))
    assert np.array_equal(scores, same)
