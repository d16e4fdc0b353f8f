"""The performance analyser: an audio file in, what was heard out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol


@dataclass(frozen=True)
class AudioInfo:
    """What an audio file holds, read by its container and packets, never by its name."""

    format: str  # wav, mp3 or m4a
    codec: str
    duration_sec: float
    sample_rate_hz: int
    channels: int


@dataclass(frozen=True)
class Segment:
    """One 3-second window. ``scores`` maps the sixteen dimension keys to [0, 1].

    ``measurements`` has the names of the whole recording's, and ``None`` where the window's
    ``note_count`` notes are too few.
    """

    start: float
    end: float
    timestamp: str
    scores: dict[str, float]
    note_count: int
    measurements: dict[str, float | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Heard:
    """An analysis as CONTRACT section 1 has it, without the ids of the recording.

    ``measurements`` maps a name to ``{"value", "unit", "note_count", "needs"}``; ``notes`` and
    ``pedal`` are rows of (onset_sec, offset_sec, pitch, velocity) and (onset_sec, offset_sec).
    """

    model_version: str
    duration: float
    scores: dict[str, float]
    holistic: dict[str, float]
    intervals: dict[str, tuple[float, float]]
    temporal_segments: list[Segment]
    measurements: dict[str, dict[str, Any]]
    audio_quality: dict[str, Any]
    notes: list[tuple[float, float, int, int]]
    pedal: list[tuple[float, float]]


class Refused(Exception):
    """The recording cannot be judged honestly: silent, not a piano, too short. Not a failure."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


Progress = Callable[[str, float], None]
"""Called with a stage (decoding, transcribing, measuring, scoring) and its share done, 0–1.

May be called from another thread than the event loop's. What it raises ends the analysis.
"""


class AudioProbe(Protocol):
    async def probe(self, path: Path) -> AudioInfo:
        """Open an untrusted file in a limited process and say what it is.

        Raises UnsupportedFormat for anything but WAV, MP3 and M4A, InvalidInput for a file that is
        empty, damaged or cut short.
        """


class PerformanceAnalyzer(Protocol):
    async def analyze(self, path: Path, progress: Progress) -> Heard:
        """Listen to a recording. Raises Refused when there is nothing honest to say."""
