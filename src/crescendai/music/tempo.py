"""Tempo and steadiness without a score.

The pulse is the period at which the train of onsets resembles itself most (autocorrelation),
weighted towards 100 beats a minute, where listeners tend to hear the beat (Parncutt 1994,
Music Perception 11, 409–464). Without a score the level of the beat is a guess: a tempo may
come out at half or double of what the page says.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from crescendai.music.chords import event_onsets_sec
from crescendai.music.notes import NoteArray

FRAME_RATE_HZ = 100
MIN_BPM, MAX_BPM, PREFERRED_BPM = 30.0, 240.0, 100.0
PREFERENCE_WIDTH_OCTAVES = 1.0
LOCAL_WINDOW_SEC, LOCAL_HOP_SEC = 6.0, 2.0
LOCAL_FREEDOM = 1.35  # a local tempo is within this factor of the whole's
MIN_EVENTS, MIN_LOCAL_EVENTS = 8, 5

Floats = npt.NDArray[np.float64]


def inter_onset_intervals_sec(notes: NoteArray) -> Floats:
    """Seconds from each event (note or chord) to the next."""
    return np.diff(event_onsets_sec(notes))


def ioi_variability(notes: NoteArray) -> float | None:
    """Median relative change between successive intervals that are nominally equal.

    Of successive inter-onset intervals whose ratio lies between 2:3 and 3:2, the median of
    |a - b| / mean(a, b): a pairwise variability index (Grabe & Low 2002) kept to equal note
    values. 0 is a machine; unit: ratio. ``None`` with fewer than six such pairs.
    """
    changes = even_interval_changes(inter_onset_intervals_sec(notes))
    return float(np.median(changes)) if len(changes) >= 6 else None


def even_interval_changes(intervals_sec: Floats) -> Floats:
    """|a - b| / mean(a, b) of successive intervals with a ratio between 2:3 and 3:2."""
    if len(intervals_sec) < 2:
        return np.zeros(0)
    before, after = intervals_sec[:-1], intervals_sec[1:]
    alike = (after < 1.5 * before) & (before < 1.5 * after)
    changes: Floats = (2 * np.abs(after - before) / (after + before))[alike]
    return changes


def tempo_bpm(notes: NoteArray) -> float | None:
    """The strongest pulse in beats per minute; ``None`` with fewer than eight events."""
    onsets_sec = event_onsets_sec(notes)
    if len(onsets_sec) < MIN_EVENTS:
        return None
    return _strongest_bpm(_onset_train(onsets_sec), MIN_BPM, MAX_BPM, PREFERRED_BPM)


def tempo_near_bpm(notes: NoteArray, near_bpm: float) -> float | None:
    """The strongest pulse within a third of a known one, as a few seconds of it are played.

    ``None`` with fewer than five events, or where they last less than two beats of that pulse.
    """
    onsets_sec = event_onsets_sec(notes)
    if len(onsets_sec) < MIN_LOCAL_EVENTS:
        return None
    if onsets_sec[-1] - onsets_sec[0] < 2 * 60 / near_bpm * LOCAL_FREEDOM:
        return None
    train = _onset_train(onsets_sec)
    return _strongest_bpm(train, near_bpm / LOCAL_FREEDOM, near_bpm * LOCAL_FREEDOM, near_bpm)


def local_tempi_bpm(notes: NoteArray) -> Floats:
    """Tempo in windows of 6 s every 2 s, each within a third of the whole's tempo."""
    return tempo_course(notes, LOCAL_HOP_SEC)[1]


def tempo_course(notes: NoteArray, hop_sec: float) -> tuple[Floats, Floats]:
    """Middles of windows of 6 s in seconds, and their tempi, each within a third of the whole's.

    Windows with fewer than four events have none.
    """
    whole_bpm = tempo_bpm(notes)
    onsets_sec = event_onsets_sec(notes)
    if whole_bpm is None:
        return np.zeros(0), np.zeros(0)
    train = _onset_train(onsets_sec)
    size, hop = int(LOCAL_WINDOW_SEC * FRAME_RATE_HZ), int(hop_sec * FRAME_RATE_HZ)
    low_bpm, high_bpm = whole_bpm / LOCAL_FREEDOM, whole_bpm * LOCAL_FREEDOM
    middles, tempi = [], []
    for start in range(0, max(len(train) - size, 0) + 1, hop):
        window = train[start : start + size]
        if np.count_nonzero(window > 0.99) >= 4:
            middles.append(onsets_sec[0] + (start + len(window) / 2) / FRAME_RATE_HZ)
            tempi.append(_strongest_bpm(window, low_bpm, high_bpm, whole_bpm))
    return np.array(middles), np.array(tempi)


def tempo_spread_bpm(notes: NoteArray) -> float | None:
    """Standard deviation of the local tempi in beats per minute; ``None`` below three windows."""
    tempi = local_tempi_bpm(notes)
    return float(tempi.std()) if len(tempi) >= 3 else None


def _onset_train(onsets_sec: Floats) -> Floats:
    """A bump of 25 ms (standard deviation) at every event, 100 frames a second."""
    frames = np.round((onsets_sec - onsets_sec[0]) * FRAME_RATE_HZ).astype(np.int64)
    train = np.zeros(int(frames[-1]) + 1)
    train[frames] = 1.0
    bump = np.exp(-0.5 * (np.arange(-8, 9) / 2.5) ** 2)
    smooth: Floats = np.convolve(train, bump, mode="same" if len(train) >= 17 else "full")
    return np.minimum(smooth, 1.0)


def _strongest_bpm(train: Floats, min_bpm: float, max_bpm: float, preferred_bpm: float) -> float:
    """The pulse rate with the highest weighted autocorrelation, to a fraction of a frame."""
    size = 2 ** int(np.ceil(np.log2(2 * len(train) + 1)))
    spectrum = np.fft.rfft(train, size)
    correlation = np.fft.irfft(np.abs(spectrum) ** 2, size)[: len(train)]
    shortest = max(int(60 * FRAME_RATE_HZ / max_bpm), 2)
    longest = min(int(np.ceil(60 * FRAME_RATE_HZ / min_bpm)), len(train) - 2)
    if longest <= shortest:
        return preferred_bpm
    lags = np.arange(shortest, longest + 1)
    octaves = np.log2(60 * FRAME_RATE_HZ / lags / preferred_bpm)
    preference = np.exp(-0.5 * (octaves / PREFERENCE_WIDTH_OCTAVES) ** 2)
    weighted = correlation[lags] * preference
    best = int(lags[int(np.argmax(weighted))])
    low, mid, high = correlation[best - 1], correlation[best], correlation[best + 1]
    curvature = low - 2 * mid + high
    shift = 0.5 * (low - high) / curvature if curvature < 0 else 0.0
    return float(60 * FRAME_RATE_HZ / (best + np.clip(shift, -0.5, 0.5)))
