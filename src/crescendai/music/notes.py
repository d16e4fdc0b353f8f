"""The common currency of this room: notes and pedal as structured numpy arrays.

Times are seconds from the start of the recording, pitch is a MIDI note number
(21–108 on a piano), velocity is MIDI velocity 1–127.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

NOTE_DTYPE = np.dtype(
    [("onset_sec", "f8"), ("offset_sec", "f8"), ("pitch", "i4"), ("velocity", "i4")]
)
PEDAL_DTYPE = np.dtype([("onset_sec", "f8"), ("offset_sec", "f8")])

NoteArray = npt.NDArray[np.void]
PedalArray = npt.NDArray[np.void]


@dataclass(frozen=True)
class Performance:
    """What was played: notes sorted by (onset, pitch), sustain-pedal spans sorted by onset.

    ``offset_sec`` of a note is the key release, not the end of its sound. ``probabilities`` are
    the transcriber's, for each note, that it is one; None where the notes are known.
    """

    notes: NoteArray  # dtype NOTE_DTYPE
    pedal: PedalArray  # dtype PEDAL_DTYPE
    duration_sec: float
    probabilities: npt.NDArray[np.float32] | None = None

    @property
    def is_heard(self) -> bool:
        """Whether the notes come from a transcriber."""
        return self.probabilities is not None

    @property
    def confidence(self) -> float:
        """The mean probability of the notes; 1 where they are known."""
        if self.probabilities is None or not len(self.probabilities):
            return 1.0
        return float(self.probabilities.mean())


def note_array(rows: list[tuple[float, float, int, int]]) -> NoteArray:
    """Build a sorted note array from (onset_sec, offset_sec, pitch, velocity) rows."""
    notes = np.array(rows, dtype=NOTE_DTYPE)
    return notes[np.lexsort((notes["pitch"], notes["onset_sec"]))]


def pedal_array(rows: list[tuple[float, float]]) -> PedalArray:
    """Build a sorted pedal array from (onset_sec, offset_sec) rows."""
    pedal = np.array(rows, dtype=PEDAL_DTYPE)
    return pedal[np.argsort(pedal["onset_sec"])]
