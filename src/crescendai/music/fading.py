"""Do held tones fade, as a struck string's do, rather than sing on as a bow, pipe or voice?"""

from __future__ import annotations

import numpy as np

from crescendai.music.notes import NoteArray
from crescendai.music.pianoness import Samples

SHORTEST_NOTE_SEC = 0.35
MAX_NOTES, MIN_NOTES = 80, 8
WINDOW_SEC, SETTLE_SEC, LONGEST_SEC = 0.1, 0.08, 1.2
HARMONICS = (1, 2, 3)


def tone_fade_db_per_sec(samples: Samples, sample_rate: int, notes: NoteArray) -> float | None:
    """Median change of level of held tones, in dB a second; ``None`` below eight such notes.

    The level is that of a note's first three partials in 100 ms, soon after its onset and
    shortly before its release. Pianos lose 5 to 40 dB a second, sustained tones next to nothing.
    """
    long_ = notes[(notes["offset_sec"] - notes["onset_sec"]) >= SHORTEST_NOTE_SEC]
    if len(long_) > MAX_NOTES:
        long_ = long_[np.linspace(0, len(long_) - 1, MAX_NOTES).astype(np.int64)]
    size = int(WINDOW_SEC * sample_rate)
    fades = []
    for note in long_:
        early = float(note["onset_sec"]) + SETTLE_SEC
        late = min(float(note["offset_sec"]), float(note["onset_sec"]) + LONGEST_SEC) - WINDOW_SEC
        if late - early < WINDOW_SEC or int(late * sample_rate) + size > len(samples):
            continue
        first, last = (
            _level_db(samples[int(at * sample_rate) :][:size], sample_rate, int(note["pitch"]))
            for at in (early, late)
        )
        fades.append((last - first) / (late - early))
    return float(np.median(fades)) if len(fades) >= MIN_NOTES else None


def _level_db(samples: Samples, sample_rate: int, pitch: int) -> float:
    """Level of the first three partials of a pitch, in dB (relative)."""
    base_hz = 440.0 * 2.0 ** ((pitch - 69) / 12)
    at_sec = np.arange(len(samples)) / sample_rate
    windowed = samples * np.hanning(len(samples))
    turns = np.exp(-2j * np.pi * base_hz * np.outer(HARMONICS, at_sec))
    return float(10 * np.log10((np.abs(turns @ windowed) ** 2).sum() + 1e-12))
