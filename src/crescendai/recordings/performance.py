"""What was played, to be drawn and taken along: notes and pedal, how they run, MIDI and tables."""

from __future__ import annotations

import csv
import io
from uuid import UUID

import mido
import numpy as np

from crescendai.identity.service import Caller
from crescendai.music import courses
from crescendai.music.notes import NoteArray, PedalArray
from crescendai.recordings.schemas import Analysis, Course, Courses, Played
from crescendai.recordings.service import RecordingService

TICKS_PER_SECOND = 1000  # 120 beats a minute, 500 ticks a beat: a tick is a millisecond
_SUSTAIN = 64

Rows = list[list[str | int | float | None]]


class PerformanceService:
    """Read-only views of a caller's analysed recordings.

    Raises NotFound and Conflict as ``RecordingService.analysis`` does.
    """

    def __init__(self, *, recordings: RecordingService) -> None:
        self._recordings = recordings

    async def played(self, caller: Caller, recording_id: UUID) -> Played:
        heard = await self._recordings.heard(caller, recording_id)
        return to_played(heard.analysis, heard.notes, heard.pedal)

    async def midi(self, caller: Caller, recording_id: UUID) -> bytes:
        heard = await self._recordings.heard(caller, recording_id)
        return to_midi(heard.notes, heard.pedal)

    async def notes_csv(self, caller: Caller, recording_id: UUID) -> str:
        heard = await self._recordings.heard(caller, recording_id)
        return _csv([list(heard.notes.dtype.names or ()), *heard.notes.tolist()])

    async def segments_csv(self, caller: Caller, recording_id: UUID) -> str:
        heard = await self._recordings.heard(caller, recording_id)
        return _csv(segment_rows(heard.analysis))


def to_played(analysis: Analysis, notes: NoteArray, pedal: PedalArray) -> Played:
    return Played(
        recording_id=analysis.recording_id,
        duration=analysis.duration,
        notes=[
            (round(onset, 3), round(offset, 3), pitch, velocity)
            for onset, offset, pitch, velocity in notes.tolist()
        ],
        pedal=[(round(down, 3), round(up, 3)) for down, up in pedal.tolist()],
        courses=Courses(
            tempo=_course("bpm", courses.tempo(notes)),
            dynamics=_course("velocity", courses.dynamics(notes)),
            articulation=_course("ratio", courses.articulation(notes)),
        ),
    )


def to_midi(notes: NoteArray, pedal: PedalArray) -> bytes:
    """A Standard MIDI File of one track; pedal as controller 64, times to the millisecond."""
    events: list[tuple[int, int, mido.Message]] = []
    for onset_sec, offset_sec, pitch, velocity in notes.tolist():
        on, off = _tick(onset_sec), max(_tick(offset_sec), _tick(onset_sec) + 1)
        events.append((on, 2, mido.Message("note_on", note=pitch, velocity=velocity)))
        events.append((off, 0, mido.Message("note_off", note=pitch, velocity=0)))
    for onset_sec, offset_sec in pedal.tolist():
        for at, value in ((onset_sec, 127), (offset_sec, 0)):
            press = mido.Message("control_change", control=_SUSTAIN, value=value)
            events.append((_tick(at), 1, press))
    track = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=500_000)])
    now = 0
    for tick, _, message in sorted(events, key=lambda event: event[:2]):
        track.append(message.copy(time=tick - now))
        now = tick
    out = io.BytesIO()
    mido.MidiFile(type=0, ticks_per_beat=TICKS_PER_SECOND // 2, tracks=[track]).save(file=out)
    return out.getvalue()


def segment_rows(analysis: Analysis) -> Rows:
    """A header, a row for the whole recording, and one for each 3-second window."""
    scales, measures = list(analysis.scores), list(analysis.measurements)
    whole = {key: found.value for key, found in analysis.measurements.items()}
    rows: Rows = [["start_sec", "end_sec", "note_count", *scales, *measures]]
    count = sum(segment.note_count for segment in analysis.temporal_segments)
    rows.append([0.0, analysis.duration, count, *analysis.scores.values(), *whole.values()])
    for segment in analysis.temporal_segments:
        scores = [segment.scores.get(key) for key in scales]
        measured = [segment.measurements.get(key) for key in measures]
        rows.append([segment.start, segment.end, segment.note_count, *scores, *measured])
    return rows


def _course(unit: str, course: courses.Course) -> Course:
    times, values = course
    return Course(unit=unit, time=np.round(times, 2).tolist(), value=np.round(values, 3).tolist())


def _tick(at_sec: float) -> int:
    return max(round(at_sec * TICKS_PER_SECOND), 0)


def _csv(rows: Rows) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(rows)
    return out.getvalue()
