"""Two invented analyses with realistic values, a small library, stand-ins for the neighbours."""

from __future__ import annotations

import re
from collections import Counter
from uuid import UUID, uuid5

from crescendai.errors import Conflict, NotFound
from crescendai.feedback.passages import stem
from crescendai.identity.service import Caller
from crescendai.knowledge.results import Hit, SearchAnswer
from crescendai.music.windows import split_windows
from crescendai.recordings.schemas import (
    Analysis,
    AudioQuality,
    Measurement,
    TemporalSegment,
)

_SPACE = UUID("5f0c9c0e-6a0a-4a53-9d06-0f0d6a4a9a11")

BLURRED = {
    "timing_stable_unstable": 0.31,
    "articulation_short_long": 0.58,
    "articulation_soft_hard": 0.44,
    "pedal_sparse_saturated": 0.66,
    "pedal_clean_blurred": 0.71,
    "timbre_even_colorful": 0.46,
    "timbre_shallow_rich": 0.57,
    "timbre_bright_dark": 0.55,
    "timbre_soft_loud": 0.43,
    "dynamic_sophisticated_raw": 0.41,
    "dynamic_range_little_large": 0.38,
    "music_making_fast_slow": 0.64,
    "music_making_flat_spacious": 0.52,
    "music_making_disproportioned_balanced": 0.59,
    "music_making_pure_dramatic": 0.47,
    "emotion_optimistic_dark": 0.53,
    "emotion_low_high_energy": 0.42,
    "emotion_honest_imaginative": 0.5,
    "interpretation_unsatisfactory_convincing": 0.56,
}
UNSTEADY = BLURRED | {
    "timing_stable_unstable": 0.77,
    "pedal_clean_blurred": 0.33,
    "pedal_sparse_saturated": 0.35,
    "dynamic_sophisticated_raw": 0.72,
    "music_making_fast_slow": 0.24,
}
_HOLISTIC = tuple(key for key in BLURRED if key.startswith(("emotion_l", "emotion_h", "interp")))
_SHIFTS = {
    1: ("pedal_clean_blurred", -0.16),
    2: ("pedal_clean_blurred", 0.13),
    3: ("timing_stable_unstable", 0.22),
    5: ("dynamic_range_little_large", -0.14),
    6: ("music_making_flat_spacious", 0.19),
}


def analysis(
    values: dict[str, float] | None = None, duration: float = 22.4, recording: str = "nocturne"
) -> Analysis:
    """An analysis whose windows follow the whole but for a few, each in one dimension."""
    values = values or BLURRED
    scores = {key: value for key, value in values.items() if key not in _HOLISTIC}
    return Analysis(
        recording_id=uuid5(_SPACE, recording),
        model_version="test-1",
        duration=duration,
        processing_time_ms=1840,
        scores=scores,
        holistic={key: values[key] for key in _HOLISTIC},
        intervals={
            key: (round(max(v - 0.14, 0), 3), round(min(v + 0.13, 1), 3))
            for key, v in values.items()
        },
        temporal_segments=[
            _segment(number, window.start_sec, window.end_sec, window.timestamp, scores)
            for number, window in enumerate(split_windows(duration))
        ],
        measurements={
            "note_count": Measurement(value=214, unit="notes", note_count=214),
            "tempo_bpm": Measurement(value=72.4, unit="beats per minute", note_count=214),
            "tempo_spread_bpm": Measurement(value=6.2, unit="beats per minute", note_count=214),
            "key_overlap_ratio": Measurement(
                value=0.18, unit="ratio of the inter-onset interval", note_count=214
            ),
            "chord_asynchrony_ms": Measurement(value=23.7, unit="milliseconds", note_count=214),
            "pedal_down_fraction": Measurement(value=0.78, unit="fraction", note_count=214),
            "pedal_changes_per_minute": Measurement(value=None, unit="per minute", note_count=3),
        },
        audio_quality=AudioQuality(
            clipping_fraction=0,
            silence_fraction=0.03,
            level_dbfs=-21.5,
            peak_dbfs=-3.2,
            is_piano=True,
            warnings=[],
        ),
        created_at=1_760_000_000_000,
    )


def _segment(
    number: int, start: float, end: float, timestamp: str, scores: dict[str, float]
) -> TemporalSegment:
    own = dict(scores)
    if number in _SHIFTS:
        key, shift = _SHIFTS[number]
        own[key] = round(min(max(own[key] + shift, 0), 1), 3)
    return TemporalSegment(start=start, end=end, timestamp=timestamp, scores=own, note_count=30)


def hit(title: str, heading: str, text: str, dimensions: tuple[str, ...], type: str) -> Hit:
    return Hit(
        chunk_id=uuid5(_SPACE, title + heading),
        document_id=uuid5(_SPACE, title),
        title=title,
        author="CrescendAI Handbook",
        type=type,
        dimensions=dimensions,
        page=None,
        heading_path=(title, heading),
        start=0,
        end=len(text),
        text=text,
        score=0.0,
        similarity=0.0,
    )


_PEDAL = ("pedal_clean_blurred",)
_TIMING = ("timing_stable_unstable",)
LIBRARY: tuple[Hit, ...] = (
    hit(
        "Clean and Blurred Pedal",
        "What causes blurred pedalling",
        "## What causes blurred pedalling\n\nBlurred pedalling comes from lifting the foot too "
        "late, after the new harmony has already sounded. Blurred pedalling also comes from a "
        "foot that changes by the bar line instead of by the harmony.",
        _PEDAL,
        "dimension",
    ),
    hit(
        "Clean and Blurred Pedal",
        "Exercise: Syncopated pedal with one finger",
        "### Exercise: Syncopated pedal with one finger\n\nThis exercise trains the foot to change "
        "after the key, for clean pedalling.\n\n1. Play a C major scale with one finger, each "
        "note for two beats at 60 to the crotchet.\n2. Lift the pedal exactly as each note "
        "sounds.\n3. Press it again half a beat later; continue for five minutes.\n\nCheck your "
        "progress: no two notes sound together and there is no gap between them.",
        _PEDAL,
        "dimension",
    ),
    hit(
        "Clean and Blurred Pedal",
        "When each is right",
        "## When each is right\n\nBlurred pedalling is right where a composer writes long pedal "
        "marks through changing harmonies, as Debussy does.",
        _PEDAL,
        "dimension",
    ),
    hit(
        "Stable and Unstable Timing",
        "What causes unstable timing",
        "## What causes unstable timing\n\nUnstable timing has three common causes: technical "
        "difficulty, dynamics and note length. Hard bars are played late and easy bars early.",
        _TIMING,
        "dimension",
    ),
    hit(
        "Stable and Unstable Timing",
        "Exercise: Subtract the clicks",
        "### Exercise: Subtract the clicks\n\nThis exercise moves the pulse of stable timing from "
        "the metronome into your own body.\n\n1. Choose eight bars and play them at crotchet = 80 "
        "with a click on every beat.\n2. Set the metronome to 40 and play twice.\n\nCheck your "
        "progress: all downbeats coincide with the click.",
        _TIMING,
        "dimension",
    ),
    hit(
        "Kinds of Pedalling",
        "Una corda",
        "## Una corda\n\nThe una corda, or left pedal, shifts the hammers of a grand piano so "
        "that they strike fewer strings and the tone becomes veiled.",
        (),
        "technique",
    ),
    hit(
        "Healthy Playing",
        "Healthy Playing",
        "If playing hurts, stop, rest, and see a doctor or a physiotherapist who knows musicians.",
        (),
        "health",
    ),
)


class SmallSearch:
    """A real, small search: the cosine of stemmed word counts.

    How sure it is of an answer is told to it: ``confidence``.
    """

    def __init__(self, library: tuple[Hit, ...] = LIBRARY) -> None:
        self._library = library
        self.confidence: float | None = None
        self.queries: list[str] = []

    async def search(self, caller: Caller, query: str, top_k: int) -> SearchAnswer:
        self.queries.append(query)
        wanted = _words(query)
        hits = []
        for one in self._library:
            similarity = _cosine(wanted, _words(" ".join(one.heading_path) + " " + one.text))
            hits.append(Hit(**(vars(one) | {"similarity": similarity, "score": similarity})))
        hits.sort(key=lambda one: -one.similarity)
        found = tuple(hits[:top_k])
        return SearchAnswer(query, top_k, found, ("words",), 0.1, self.confidence)


_COMMON = frozenset(
    re.findall(
        r"\w+",
        "a an and are as at be by each for from how i in is it of on or that the this to what with "
        "you your my exercise do does",
    )
)


def _words(text: str) -> Counter[str]:
    found = re.findall(r"[a-z]+", text.lower())
    return Counter({stem(word): 1 for word in found if word not in _COMMON})


def _cosine(wanted: Counter[str], have: Counter[str]) -> float:
    """How much of the query a passage has; near to what a sentence model would say of these."""
    return sum(1 for word in wanted if word in have) / max(len(wanted), 1)


class StubRecordings:
    """Recordings of one caller; ``pending`` ones have no analysis yet."""

    def __init__(self, caller: Caller, *analyses: Analysis, pending: tuple[UUID, ...] = ()) -> None:
        self._caller = caller
        self._analyses = {one.recording_id: one for one in analyses}
        self._pending = pending

    def replace(self, one: Analysis) -> None:
        """Let a recording have another analysis."""
        self._analyses[one.recording_id] = one

    async def analysis(self, caller: Caller, recording_id: UUID) -> Analysis:
        if caller == self._caller and recording_id in self._pending:
            raise Conflict("analysis_pending", "The recording is still being analysed.")
        if caller != self._caller or recording_id not in self._analyses:
            raise NotFound("recording_missing", "There is no such recording.")
        return self._analyses[recording_id]
