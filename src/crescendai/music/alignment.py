"""Aligns two performances of the same music by their notes, without a score.

Both become sequences of events (see ``chords``), each a set of pitches. The best global alignment
(Needleman and Wunsch 1970, J Mol Biol 48, 443–453) pairs events of like pitches in order; at either
end, where one take began earlier or went on longer, events may be left out at no cost.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from crescendai.music.chords import event_of_note, event_starts
from crescendai.music.notes import NoteArray

MOST_EVENTS = 3000  # the table of both has 9 million cells, 36 MB
GAP = 0.55
"""What leaving out an event costs, where a pair of equal events gains 1 and one of no common pitch
loses 1: a wrong note is rather paired than left out on both sides."""
ALIKE = 0.5  # common pitches over all pitches of a pair, from which it counts as matched

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Alignment:
    """Matched events: ``onsets_sec`` has a row for each, its onset in the one and in the other.

    ``events`` are their numbers in either take. ``matched`` is their share of the events of the
    shorter take: near 1 for the same music, near 0 for other music.
    """

    onsets_sec: Floats
    events: Ints
    matched: float

    def in_other(self, at_sec: float) -> float:
        """Where what is heard at that time in the one is heard in the other, in seconds.

        Before the first common event and after the last it is as far from that event in both, which
        may be before the other's beginning.
        """
        here, there = self.onsets_sec[:, 0], self.onsets_sec[:, 1]
        beyond = min(at_sec - here[0], 0.0) + max(at_sec - here[-1], 0.0)
        return float(np.interp(at_sec, here, there) + beyond)


def align(one: NoteArray, other: NoteArray) -> Alignment:
    """Raises ValueError for more than ``MOST_EVENTS`` events in either."""
    events = event_of_note(one), event_of_note(other)
    counts = [int(of[-1]) + 1 if len(of) else 0 for of in events]
    if max(counts) > MOST_EVENTS:
        raise ValueError(f"more than {MOST_EVENTS} events")
    if min(counts) == 0:
        return Alignment(np.zeros((0, 2)), np.zeros((0, 2), np.int64), 0.0)
    likeness = _likeness(_pitches(one, events[0]), _pitches(other, events[1]))
    pairs = _best_path(2.0 * likeness - 1.0)
    pairs = pairs[likeness[pairs[:, 0], pairs[:, 1]] >= ALIKE]
    onsets = [
        notes["onset_sec"][event_starts(of)] for notes, of in zip((one, other), events, strict=True)
    ]
    times = np.stack([onsets[0][pairs[:, 0]], onsets[1][pairs[:, 1]]], axis=1).astype(np.float64)
    return Alignment(times, pairs, len(pairs) / min(counts))


def _pitches(notes: NoteArray, events: Ints) -> npt.NDArray[np.float32]:
    """A row for each event, 1 for each of the 128 pitches that it has."""
    table = np.zeros((int(events[-1]) + 1, 128), np.float32)
    table[events, notes["pitch"]] = 1
    return table


def _likeness(one: npt.NDArray[np.float32], other: npt.NDArray[np.float32]) -> Floats:
    """Common pitches over all pitches, for every pair of events."""
    common = one @ other.T
    return np.asarray(common / (one.sum(1)[:, None] + other.sum(1)[None, :] - common), np.float64)


def _best_path(gains: Floats) -> Ints:
    """The pairs of the alignment of the highest sum, in order."""
    rows, columns = gains.shape
    best = np.zeros((rows + 1, columns + 1), np.float32)
    steps = GAP * np.arange(columns + 1)
    for row in range(1, rows + 1):
        reached = best[row - 1].copy()  # this event of the one is left out
        reached[1:-1] -= GAP
        reached[0] = 0.0
        np.maximum(reached[1:], best[row - 1, :-1] + gains[row - 1], out=reached[1:])
        if row < rows:  # events of the other are left out; behind the last of the one for nothing
            best[row] = np.maximum.accumulate(reached + steps) - steps
        else:
            best[row] = np.maximum.accumulate(reached)
    return _trace(best, gains)


def _trace(best: npt.NDArray[np.float32], gains: Floats) -> Ints:
    row, column = best.shape[0] - 1, best.shape[1] - 1
    pairs = []
    while row > 0 and column > 0:
        here = best[row, column]
        if abs(here - (best[row - 1, column - 1] + gains[row - 1, column - 1])) < 1e-3:
            row, column = row - 1, column - 1
            pairs.append((row, column))
        elif here <= best[row - 1, column] - (GAP if column < best.shape[1] - 1 else 0) + 1e-3:
            row -= 1
        else:
            column -= 1
    return np.array(pairs[::-1], np.int64).reshape(-1, 2)
