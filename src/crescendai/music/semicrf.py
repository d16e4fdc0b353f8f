"""The semi-CRF decoder: the best set of non-overlapping intervals of every track.

A track (one key, or one pedal) over frames 0 … T-1 is either resting or inside an interval from
frame b to frame e. Intervals of one track may touch (one's end is the next one's begin) and do not
overlap otherwise; one that begins and ends in the same frame may stand at any frame. The score of
a set is the sum of its intervals' scores, rest scores 0, and the decoder returns the set with the
greatest score. The recursion runs backwards in time, so that it needs to know nothing of what came
before: segments are decoded side by side, and only the walk forward starts, track by track, where
the one before has left off.

Source: Yan, Cwitkowitz & Duan, "Skipping the Frame-Level: Event-Based Piano Transcription With
Neural Semi-CRFs", NeurIPS 2021, and the code that goes with it (MIT licence).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]

REST = -1


class Choices(NamedTuple):
    """The best that can begin at each frame of each track, whatever came before; [tracks, T]."""

    end: Integers  # of the best interval to a later frame, or REST
    score: Floats  # of that interval: its log odds over rest
    single: Floats  # score of an interval inside the frame

    @staticmethod
    def joined(parts: Sequence[Choices]) -> Choices:
        """The choices of several groups of tracks as those of all."""
        return Choices(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


class Intervals(NamedTuple):
    """Decoded intervals of all tracks, sorted by track, then in order of time; each [n]."""

    track: Integers
    begin: Integers  # frame
    end: Integers  # frame, included


def choose(affinity: Sequence[Floats], single: Floats) -> Choices:
    """Find the best that can begin at each frame.

    ``affinity``: blocks of begin frames in order of time, one block of all frames in the simplest
    case. A block [tracks, n, T - first] with the begins first … first + n - 1 gives an interval
    from frame b to a later frame e the score ``block[track, b - first, e - first] * (e - b)``;
    what lies on and below the diagonal is not read.
    ``single`` [tracks, T]: score of an interval inside one frame; taken where positive.

    Raises ValueError if the shapes do not fit together.
    """
    tracks, frames = single.shape
    first = 0
    for block in affinity:
        if block.shape != (expected := (tracks, block.shape[1], frames - first)):
            raise ValueError(f"a block of affinity has shape {block.shape}, expected {expected}")
        first += block.shape[1]
    if first != frames:
        raise ValueError(f"affinity has {first} begin frames, expected {frames} as in single")
    ends = _best_ends(affinity, single)
    return Choices(ends, _scores(affinity, ends), single)


def follow(choices: Choices, start: Integers | None = None) -> tuple[Intervals, Floats]:
    """The best intervals of each track from its frame ``start`` [tracks] on (0 by default), and
    the score of each: its log odds over rest. Raises ValueError if ``start`` does not fit."""
    tracks = len(choices.single)
    origin = np.zeros(tracks, np.int64) if start is None else start
    if origin.shape != (tracks,):
        raise ValueError(f"start has shape {origin.shape}, expected {(tracks,)}")
    found = _walk(choices.end, choices.single > 0, origin)
    place = found.track, found.begin
    alone = found.begin == found.end
    return found, np.where(alone, choices.single[place], choices.score[place])


def _scores(affinity: Sequence[Floats], ends: Integers) -> Floats:
    """The score of the interval from each frame to its best end; of no meaning at a REST."""
    lengths = np.maximum(ends - np.arange(ends.shape[1]), 0)
    found = np.empty(ends.shape, np.float32)
    first = 0
    for block in affinity:
        begins = slice(first, first + block.shape[1])
        places = np.maximum(ends[:, begins] - first, 0)[:, :, None]
        np.multiply(
            np.take_along_axis(block, places, axis=2)[:, :, 0],
            lengths[:, begins],
            out=found[:, begins],
            casting="same_kind",
        )
        first = begins.stop
    return found


def _best_ends(affinity: Sequence[Floats], single: Floats) -> Integers:
    """For each track and frame: where the best interval from here ends, or REST. [tracks, T]"""
    tracks, frames = single.shape
    every = np.arange(tracks)
    lengths = np.arange(frames, dtype=np.float32)
    alone = np.maximum(single, 0)
    best = np.zeros((tracks, frames), np.float32)  # of everything from this frame on
    best[:, -1] = alone[:, -1]
    ends = np.full((tracks, frames), REST, np.int64)
    room = np.empty(tracks * frames, np.float32)
    rows = [(block, row) for block in affinity for row in range(block.shape[1])]
    for begin in range(frames - 2, -1, -1):
        block, row = rows[begin]
        count = frames - 1 - begin
        scores = room[: tracks * count].reshape(tracks, count)
        np.multiply(block[:, row, row + 1 :], lengths[1 : count + 1], out=scores)
        scores += best[:, begin + 1 :]
        choice = scores.argmax(axis=1)
        chosen, rest = scores[every, choice], best[:, begin + 1]
        ends[:, begin] = np.where(chosen > rest, choice + begin + 1, REST)
        best[:, begin] = np.maximum(chosen, rest) + alone[:, begin]
    return ends


def _walk(ends: Integers, alone: npt.NDArray[np.bool_], start: Integers) -> Intervals:
    """Follow the best choices of each track from its start frame to the last."""
    frames = ends.shape[1]
    busy = (ends != REST) | alone
    places = np.where(busy, np.arange(frames), frames)
    # next_busy[track, t]: the first frame at or after t where something begins, else T
    next_busy = np.minimum.accumulate(places[:, ::-1], axis=1)[:, ::-1]
    found: list[tuple[int, int, int]] = []
    for track, origin in enumerate(start.tolist()):
        frame = origin
        while frame < frames and (frame := int(next_busy[track, frame])) < frames:
            if alone[track, frame]:
                found.append((track, frame, frame))
            end = int(ends[track, frame])
            if end == REST:
                frame += 1
            else:
                found.append((track, frame, end))
                frame = end
    columns = np.array(found, np.int64).reshape(-1, 3).T
    return Intervals(*columns)
