"""How analyses and passages read to a language model: short, complete, plainly data."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from crescendai.knowledge.results import Hit
from crescendai.music.dimensions import BY_KEY
from crescendai.recordings.schemas import Analysis, TemporalSegment

WINDOW_DEVIATIONS = 3
MAX_WINDOWS = 60


def passages_for_model(hits: Sequence[Hit], first_number: int) -> str:
    """Numbered passages as JSON lines. The numbers are what the answer cites as ``[n]``."""
    lines = []
    for number, hit in enumerate(hits, start=first_number):
        passage = {
            "number": number,
            "title": hit.title,
            "author": hit.author,
            "page": hit.page,
            "heading": " › ".join(hit.heading_path) or None,
            "text": hit.text,
        }
        lines.append(json.dumps(passage, ensure_ascii=False))
    return "\n".join(lines)


def analysis_for_model(analysis: Analysis) -> str:
    """Every score with poles and interval, every measurement, and how the windows differ."""
    scores = analysis.scores | analysis.holistic
    document: dict[str, Any] = {
        "recording_id": str(analysis.recording_id),
        "duration_sec": round(analysis.duration, 1),
        "scores": [_score(key, value, analysis) for key, value in scores.items()],
        "measurements": {
            key: f"{measured.value:.4g} {measured.unit}"
            for key, measured in analysis.measurements.items()
            if measured.value is not None
        },
        "windows_furthest_from_the_whole": [
            {"timestamp": segment.timestamp, "scores": _deviations(segment, analysis)}
            for segment in _told(analysis)
        ],
        "audio_warnings": analysis.audio_quality.warnings,
    }
    return json.dumps(document, ensure_ascii=False)


def _score(key: str, value: float, analysis: Analysis) -> dict[str, Any]:
    scale = BY_KEY[key]
    low, high = analysis.intervals[key]
    return {
        "key": key,
        "0": scale.left,
        "1": scale.right,
        "value": round(value, 2),
        "interval_80": [round(low, 2), round(high, 2)],
    }


def _told(analysis: Analysis) -> list[TemporalSegment]:
    """All windows of a short recording; of a long one those furthest from the whole."""

    def distance(segment: TemporalSegment) -> float:
        return max(abs(v - analysis.scores[key]) for key, v in segment.scores.items())

    furthest = sorted(analysis.temporal_segments, key=distance, reverse=True)[:MAX_WINDOWS]
    return sorted(furthest, key=lambda segment: segment.start)


def _deviations(segment: TemporalSegment, analysis: Analysis) -> dict[str, float]:
    keys = sorted(
        segment.scores,
        key=lambda key: abs(segment.scores[key] - analysis.scores[key]),
        reverse=True,
    )
    return {key: round(segment.scores[key], 2) for key in keys[:WINDOW_DEVIATIONS]}
