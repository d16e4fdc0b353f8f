"""The wire: what the recordings endpoints send."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from pydantic import BaseModel

Status = Literal["queued", "analyzing", "ready", "refused", "failed", "cancelled"]
FINAL: frozenset[str] = frozenset({"ready", "refused", "failed", "cancelled"})


class Problem(BaseModel):
    """Why a recording was refused or its analysis failed."""

    code: str
    reason: str


class Recording(BaseModel):
    """``percent`` is 0–100, ``duration`` seconds, times milliseconds since the epoch."""

    recording_id: UUID
    filename: str
    format: Literal["wav", "mp3", "m4a"]
    content_type: str
    size_bytes: int
    sha256: str
    status: Status
    stage: str
    percent: int
    problem: Problem | None
    duration: float | None
    created_at: int
    updated_at: int


class RecordingPage(BaseModel):
    items: list[Recording]
    next_cursor: str | None


class ProgressEvent(BaseModel):
    """One ``progress`` event of ``GET /api/recordings/{id}/events``."""

    recording_id: UUID
    status: Status
    stage: str
    percent: int
    problem: Problem | None


class Measurement(BaseModel):
    """``value`` is null where ``note_count`` notes are too few to tell; ``needs`` says how many."""

    value: float | None
    unit: str
    note_count: int
    needs: str = ""


class AudioQuality(BaseModel):
    """Fractions are of the duration, levels in dB below full scale."""

    clipping_fraction: float
    silence_fraction: float
    level_dbfs: float
    peak_dbfs: float
    is_piano: bool
    warnings: list[str]


class TemporalSegment(BaseModel):
    """One 3-second window; ``start`` and ``end`` in seconds.

    ``measurements`` has the names and units of the whole recording's; null where the window's
    ``note_count`` notes are too few.
    """

    start: float
    end: float
    timestamp: str
    scores: dict[str, float]
    note_count: int
    measurements: dict[str, float | None] = {}


class Analysis(BaseModel):
    """What was heard. Scores are in [0, 1] between two poles, neither of which is good."""

    recording_id: UUID
    model_version: str
    duration: float
    processing_time_ms: int
    scores: dict[str, float]
    holistic: dict[str, float]
    intervals: dict[str, tuple[float, float]]
    temporal_segments: list[TemporalSegment]
    measurements: dict[str, Measurement]
    audio_quality: AudioQuality
    created_at: int


class Course(BaseModel):
    """Values over time: ``time`` in seconds, ``value`` in ``unit``. Gaps have no points."""

    unit: str
    time: list[float]
    value: list[float]


class Courses(BaseModel):
    """Beats per minute, MIDI velocity, and key-overlap ratio, as they run."""

    tempo: Course
    dynamics: Course
    articulation: Course


class Played(BaseModel):
    """What was transcribed: ``notes`` are rows of onset and offset in seconds, MIDI pitch and
    velocity, ``pedal`` rows of down and up in seconds.
    """

    recording_id: UUID
    duration: float
    notes: list[tuple[float, float, int, int]]
    pedal: list[tuple[float, float]]
    courses: Courses
