"""How fast held notes fade: a struck or plucked string does, a blown pipe or a bow does not.

Unlike the evidence of :mod:`crescendai.music.pianoness`, this needs the notes, and looks at each
while its key is down, where a piano's own dampers and pedal do nothing.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from crescendai.music.notes import NoteArray
from crescendai.music.partials import frequency_hz, level_db

MIN_HELD_SEC = 0.4
AFTER_ONSET_SEC, BEFORE_RELEASE_SEC = 0.14, 0.10
WINDOW_SEC = 0.12
MOST_NOTES, MIN_NOTES = 200, 5
PARTIALS = (1, 2)

Floats = npt.NDArray[np.float64]


def held_fade_db_per_sec(
    samples: npt.NDArray[np.float32], sample_rate: int, notes: NoteArray
) -> float | None:
    """Median change of level while a key is held, over the longest notes and their lower partials.

    Negative where tones fade; ``None`` with fewer than five notes held for 0.4 s.
    """
    held_sec = notes["offset_sec"] - notes["onset_sec"]
    longest = np.argsort(-held_sec, kind="stable")[:MOST_NOTES]
    found = [
        _slope(samples, sample_rate, float(note["onset_sec"]), float(note["offset_sec"]), hz)
        for note in notes[longest[held_sec[longest] >= MIN_HELD_SEC]]
        for hz in (frequency_hz(int(note["pitch"])) * k for k in PARTIALS)
        if hz < 0.4 * sample_rate
    ]
    slopes = [slope for slope in found if slope is not None]
    return float(np.median(slopes)) if len(slopes) >= MIN_NOTES * len(PARTIALS) else None


def _slope(
    samples: npt.NDArray[np.float32], sample_rate: int, onset: float, offset: float, hz: float
) -> float | None:
    """dB a second between just after the onset and just before the release, at one frequency."""
    first, last = onset + AFTER_ONSET_SEC, offset - BEFORE_RELEASE_SEC
    begins, ends = (level_db(samples, sample_rate, at, hz, WINDOW_SEC) for at in (first, last))
    return None if begins is None or ends is None else (ends - begins) / (last - first)
