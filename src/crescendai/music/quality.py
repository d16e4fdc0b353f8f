"""Is the recording fit to be analysed: level, clipping, silence, and is it a piano at all.

``assess`` without a performance costs a fraction of a second and lets silence, speech and
noise be refused before the expensive transcription; with one, it also looks at the notes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from crescendai.music.notes import Performance
from crescendai.music.pianoness import PianoEvidence, Samples, piano_evidence

MIN_DURATION_SEC = 3.0
MIN_NOTES = 8
MIN_NOTES_PER_SOUNDING_SEC = 0.3
SILENT_PEAK_DBFS = -55.0
SILENT_FRAME_DBFS = -60.0
MAX_SILENCE_FRACTION = 0.97
FLOOR_DBFS = -120.0
CLIPPED_LEVEL = 0.999
BLOCK = 1 << 20  # samples
# Measured on 4 real and 300 rendered piano recordings, and on speech, noise, drums, sweeps,
# steady tones and other instruments:
MAX_FLATNESS = (
    0.4  # pianos at most 0.33 (sparse, under noise); noise, drums and clicks 0.56 and more
)
MIN_PITCH_GRID = 0.2  # pianos at least 0.34; speech, noise and sweeps at most 0.08
MIN_PITCH_STABILITY = 0.45  # pianos at least 0.52; speech at most 0.35
MIN_DECAY_FRACTION = 0.15  # pianos at least 0.30; steady tones 0
MAX_FADE_DB_PER_SEC = -4.0  # pianos at most -5.3; organ, violin, flute -3.1 and more
# Measured on bench/pianoness.py's clips:
NOISY_FLATNESS = 0.08  # choir, strings and violin at most 0.05; pianos under as loud a noise 0.09
MIN_STROKE_CONCENTRATION = 0.24  # pianos at least 0.28; choir at most 0.21, strings 0.24
# Of the notes heard, set on FluidR3's instruments: pianos at most -5.5; organ, flute, trumpet and
# bowed strings -1.4 and more, an electric piano -3.3 and -0.5:
MAX_HELD_FADE_DB_PER_SEC = -3.0
# Of the notes heard: 262 clips of pianos at least -22, real ones -15; marimba, vibraphone and
# celesta mostly -30 and less:
MIN_OVERTONES_DB = -26.0
DOUBTFUL_BRIGHTNESS_DB = -8.0  # harpsichords above, recorded pianos below -20, one sampled piano -5


@dataclass(frozen=True)
class AudioQuality:
    """What the sound is like; levels in dB relative to full scale, at least -120."""

    duration_sec: float
    peak_dbfs: float
    level_dbfs: float  # RMS over the whole
    clipping_fraction: float  # samples at full scale, of all
    silence_fraction: float  # 50 ms frames below -60 dBFS, of all
    is_piano: bool
    reasons: tuple[str, ...]  # why it is not taken for a piano; empty if it is
    doubts: tuple[str, ...] = ()  # what a piano seldom is, though some are


@dataclass(frozen=True)
class Refusal:
    """Why a recording is not rated: a stable code, and a sentence for the person."""

    code: str
    reason: str


def assess(
    samples: Samples, sample_rate: int, pause: Callable[[], None] = lambda: None
) -> AudioQuality:
    """Judge mono float32 samples (full scale 1.0). Goes through them in blocks of half a minute.

    ``pause`` is called every fraction of a second, and may raise to end it.
    """
    peak, level, clipping = _levels(samples, pause)
    evidence = piano_evidence(samples, sample_rate, pause)
    reasons = _not_piano(evidence)
    return AudioQuality(
        duration_sec=len(samples) / sample_rate,
        peak_dbfs=_dbfs(peak),
        level_dbfs=_dbfs(level),
        clipping_fraction=clipping,
        silence_fraction=_silence_fraction(samples, sample_rate, pause),
        is_piano=not reasons,
        reasons=reasons,
        doubts=_doubts(evidence),
    )


def reconsider(
    quality: AudioQuality,
    performance: Performance,
    held_fade_db_per_sec: float | None = None,
    overtones_db: float | None = None,
) -> AudioQuality:
    """The judgement of the sound in the light of the notes that were heard in it.

    ``held_fade_db_per_sec``: how the held ones fade (:mod:`crescendai.music.sustain`), and
    ``overtones_db``: how strong their overtones are (:mod:`crescendai.music.partials`), if told.
    """
    sounding_sec = max(quality.duration_sec * (1.0 - quality.silence_fraction), 0.1)
    reasons = []
    if len(performance.notes) / sounding_sec < MIN_NOTES_PER_SOUNDING_SEC:
        reasons.append("hardly any piano notes were found in the sound")
    if held_fade_db_per_sec is not None and held_fade_db_per_sec > MAX_HELD_FADE_DB_PER_SEC:
        reasons.append("its held tones do not fade as a piano's do")
    if overtones_db is not None and overtones_db < MIN_OVERTONES_DB:
        reasons.append("its tones lack a string's overtones, as those of struck bars do")
    if not reasons:
        return quality
    return replace(quality, is_piano=False, reasons=(*quality.reasons, *reasons))


def too_short(duration_sec: float) -> Refusal | None:
    """Why not to rate a recording of this length, or ``None``."""
    if duration_sec >= MIN_DURATION_SEC:
        return None
    return Refusal(
        "too_short",
        f"The recording is {duration_sec:.1f} s long; at least {MIN_DURATION_SEC:.0f} s of "
        "playing are needed.",
    )


def refusal(
    quality: AudioQuality, performance: Performance | None, duration_sec: float
) -> Refusal | None:
    """Why not to rate the recording, or ``None``; without a performance, notes are not asked."""
    if short := too_short(duration_sec):
        return short
    if quality.peak_dbfs < SILENT_PEAK_DBFS or quality.silence_fraction > MAX_SILENCE_FRACTION:
        return Refusal(
            "silent",
            f"The recording is silent (peak {quality.peak_dbfs:.0f} dBFS). Check the microphone "
            "and record again.",
        )
    if not quality.is_piano:
        return Refusal(
            "not_piano",
            f"No piano could be made out: {'; '.join(quality.reasons)}. Record the piano alone, "
            "close to the instrument and without noise around it.",
        )
    if performance is not None and len(performance.notes) < MIN_NOTES:
        return Refusal(
            "too_few_notes",
            f"Only {len(performance.notes)} notes were heard; at least {MIN_NOTES} are needed.",
        )
    return None


def _not_piano(evidence: PianoEvidence | None) -> tuple[str, ...]:
    if evidence is None:
        return ("hardly anything sounds",)
    reasons = []
    if evidence.flatness > MAX_FLATNESS:
        reasons.append("the sound is mostly noise")
    if evidence.pitch_grid < MIN_PITCH_GRID:
        reasons.append("its pitches do not keep to a scale of semitones")
    if evidence.pitch_stability < MIN_PITCH_STABILITY:
        reasons.append("its pitches glide")
    if evidence.decay_fraction < MIN_DECAY_FRACTION:
        reasons.append("its level hardly ever falls")
    if evidence.fade_db_per_sec > MAX_FADE_DB_PER_SEC:
        reasons.append("its tones do not fade as a piano's do")
    if evidence.stroke_concentration < MIN_STROKE_CONCENTRATION:
        reasons.append(
            "so much noise lies over it that no strokes stand out"
            if evidence.flatness > NOISY_FLATNESS
            else "no strokes stand out in it: its tones swell, or noise covers them"
        )
    return tuple(reasons)


def _doubts(evidence: PianoEvidence | None) -> tuple[str, ...]:
    if evidence is None or evidence.brightness_db <= DOUBTFUL_BRIGHTNESS_DB:
        return ()
    return (
        "The sound is as bright as a harpsichord's: if it is no piano, what is said of it here "
        "does not hold.",
    )


def _dbfs(amplitude: float) -> float:
    return max(20.0 * float(np.log10(amplitude)), FLOOR_DBFS) if amplitude > 0 else FLOOR_DBFS


def _levels(samples: Samples, pause: Callable[[], None]) -> tuple[float, float, float]:
    """Peak, RMS, and the share of samples at full scale that have a neighbour at full scale."""
    if len(samples) < 2:
        return 0.0, 0.0, 0.0
    peak, energy, clipped = 0.0, 0.0, 0
    for start in range(0, len(samples), BLOCK):
        pause()
        around = np.abs(samples[max(start - 1, 0) : start + BLOCK + 1])
        inside = slice(min(start, 1), min(start, 1) + BLOCK)
        full = np.pad(around >= CLIPPED_LEVEL, 1)
        beside = full[:-2] | full[2:]
        clipped += int((full[1:-1] & beside)[inside].sum())
        peak = max(peak, float(around.max()))
        energy += float(np.square(around[inside], dtype=np.float64).sum())
    return peak, float(np.sqrt(energy / len(samples))), clipped / len(samples)


def _silence_fraction(samples: Samples, sample_rate: int, pause: Callable[[], None]) -> float:
    size = max(int(0.05 * sample_rate), 1)
    count = len(samples) // size
    if count == 0:
        return 1.0
    quiet, step = 0, max(BLOCK // size, 1)
    for first in range(0, count, step):
        pause()
        last = min(first + step, count)
        frames = samples[first * size : last * size].reshape(-1, size)
        level = np.sqrt(np.square(frames, dtype=np.float64).mean(axis=1))
        quiet += int((level < 10 ** (SILENT_FRAME_DBFS / 20)).sum())
    return quiet / count
