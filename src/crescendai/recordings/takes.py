"""Two takes of the same music, stretch by stretch: aligned by their notes, no score needed."""

from __future__ import annotations

import asyncio
from uuid import UUID

import numpy as np
from pydantic import BaseModel

from crescendai.errors import Conflict
from crescendai.identity.service import Caller
from crescendai.music.alignment import MOST_EVENTS, Alignment, align
from crescendai.music.chords import event_of_note, event_starts
from crescendai.music.notes import NoteArray
from crescendai.recordings.progress import Difference, differences
from crescendai.recordings.schemas import TemporalSegment
from crescendai.recordings.service import HeardNotes, RecordingService

SAME_MUSIC = 0.5
"""Share of matched events; takes of one piece reach 0.9, other pieces stay under 0.4."""
FEWEST_EVENTS = 3
FEWEST_NOTES = 6


class Stretch(BaseModel):
    """A window of the one take, and the same music in the other; times in seconds.

    ``other_start`` is below 0 where the other take has less silence before its first note.
    ``pace`` is the other's length over this one's: above 1, this take is faster. ``loudness`` is
    how much louder (MIDI velocity) these notes are than this take's mean, minus the same of the
    other. ``length`` is the median ratio of key-down times, each as a share of the distance to the
    next event: above 1, this take is more legato. All three are null where fewer than three events
    match. ``dimensions`` holds [this, other] where both have notes enough to be rated.
    """

    start: float
    end: float
    timestamp: str
    other_start: float | None
    other_end: float | None
    matched_events: int
    pace: float | None
    loudness: float | None
    length: float | None
    dimensions: dict[str, tuple[float, float]]


class TakeComparison(BaseModel):
    """``matched`` is the share of the shorter take's events that were found in the other."""

    recording_id: UUID
    other: UUID
    matched: float
    pace: float | None
    dimensions: dict[str, Difference]
    stretches: list[Stretch]


class TakeService:
    """Compares a caller's takes, away from the event loop. Raises as ``RecordingService.heard``."""

    def __init__(self, recordings: RecordingService) -> None:
        self._recordings = recordings

    async def compare(self, caller: Caller, one: UUID, other: UUID) -> TakeComparison:
        takes = [await self._recordings.heard(caller, take) for take in (one, other)]
        return await asyncio.to_thread(compare_takes, *takes)


def compare_takes(one: HeardNotes, other: HeardNotes) -> TakeComparison:
    """Raises Conflict when they are too long, or not of the same music."""
    try:
        found = align(one.notes, other.notes)
    except ValueError as error:
        raise Conflict(
            "takes_too_long",
            f"Takes of more than {MOST_EVENTS} notes and chords are not aligned; "
            "compare a shorter passage.",
        ) from error
    if found.matched < SAME_MUSIC:
        raise Conflict(
            "takes_differ",
            "These two recordings do not seem to be of the same music: only "
            f"{found.matched:.0%} of the notes and chords of one are found in the other.",
        )
    ratings = other.analysis.temporal_segments
    takes = _Take(one.notes), _Take(other.notes)
    return TakeComparison(
        recording_id=one.analysis.recording_id,
        other=other.analysis.recording_id,
        matched=round(found.matched, 4),
        pace=_pace(found.onsets_sec),
        dimensions=differences(one.analysis, other.analysis),
        stretches=[_stretch(s, ratings, found, takes) for s in one.analysis.temporal_segments],
    )


class _Take:
    """Per event: mean velocity above the take's mean, and key-down time by distance to the next."""

    def __init__(self, notes: NoteArray) -> None:
        events = event_of_note(notes)
        starts = event_starts(events)
        sizes = np.diff(np.append(starts, len(notes)))
        velocity = notes["velocity"].astype(np.float64)
        held = np.add.reduceat(notes["offset_sec"] - notes["onset_sec"], starts) / sizes
        onsets = notes["onset_sec"][starts]
        apart = np.append(np.diff(onsets), np.nan)
        self.loudness = np.add.reduceat(velocity, starts) / sizes - velocity.mean()
        self.length = np.clip(held / np.maximum(apart, 0.05), 0.02, 4.0)


def _stretch(
    window: TemporalSegment,
    ratings: list[TemporalSegment],
    found: Alignment,
    takes: tuple[_Take, _Take],
) -> Stretch:
    onsets = found.onsets_sec
    inside = (onsets[:, 0] >= window.start) & (onsets[:, 0] < window.end)
    here, events = onsets[inside], found.events[inside]
    enough = len(here) >= FEWEST_EVENTS
    place = (found.in_other(window.start), found.in_other(window.end)) if enough else (None, None)
    return Stretch(
        start=window.start,
        end=window.end,
        timestamp=window.timestamp,
        other_start=place[0] if place[0] is None else round(place[0], 2),
        other_end=place[1] if place[1] is None else round(place[1], 2),
        matched_events=len(here),
        pace=_pace(here),
        loudness=_loudness(events, takes) if enough else None,
        length=_length(events, takes) if enough else None,
        dimensions={} if not enough else _rated(window, ratings, place),
    )


def _pace(onsets_sec: np.ndarray) -> float | None:
    if len(onsets_sec) < FEWEST_EVENTS:
        return None
    took, other_took = onsets_sec[-1] - onsets_sec[0]
    return round(float(other_took / took), 3) if took > 0 else None


def _loudness(events: np.ndarray, takes: tuple[_Take, _Take]) -> float:
    one, other = takes[0].loudness[events[:, 0]], takes[1].loudness[events[:, 1]]
    return round(float(np.mean(one - other)), 1)


def _length(events: np.ndarray, takes: tuple[_Take, _Take]) -> float | None:
    ratios = takes[0].length[events[:, 0]] / takes[1].length[events[:, 1]]
    known = ratios[np.isfinite(ratios)]
    return round(float(np.median(known)), 3) if len(known) else None


def _rated(
    window: TemporalSegment,
    ratings: list[TemporalSegment],
    place: tuple[float | None, float | None],
) -> dict[str, tuple[float, float]]:
    """This window's ratings beside the other take's there, each weighted by its overlap."""
    start, end = place
    if start is None or end is None or window.note_count < FEWEST_NOTES:
        return {}
    shares = [(max(0.0, min(s.end, end) - max(s.start, start)), s) for s in ratings]
    shares = [(share, s) for share, s in shares if share > 0 and s.note_count >= FEWEST_NOTES]
    total = sum(share for share, _ in shares)
    if total < (end - start) / 2:
        return {}
    return {
        key: (value, round(sum(share * s.scores[key] for share, s in shares) / total, 4))
        for key, value in window.scores.items()
    }
