"""What was measured, rather than rated: named numbers with their unit and sample size.

The same definitions hold for a whole recording and for each of its 3-second windows. What takes
more notes than there are is ``None``, never a guess; each definition says the least it needs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from crescendai.music import (
    accents,
    articulation,
    chords,
    dynamics,
    harmony,
    ornaments,
    pedal,
    repetition,
    sound,
    tempo,
    texture,
    voicing,
)
from crescendai.music.notes import NoteArray, PedalArray, Performance
from crescendai.music.ornaments import Ornament
from crescendai.music.sound import SoundFrames
from crescendai.music.windows import Window

SIGNIFICANT_DIGITS = 4  # of a window's values, which are many

Floats = npt.NDArray[np.float64]
Values = dict[str, float | None]


@dataclass(frozen=True)
class Measurement:
    """A measured value, or ``None`` where there was too little to measure it."""

    value: float | None
    unit: str
    note_count: int  # notes struck in what was measured
    needs: str  # the least it takes, in words


@dataclass(frozen=True)
class Stretch:
    """What lies between two moments, with what only the whole recording can tell about it."""

    notes: NoteArray  # struck in it; releases are left as they are
    pedal: PedalArray  # of the whole
    start_sec: float
    end_sec: float
    pulse_bpm: float | None  # of the whole recording; None where the stretch is the whole
    harmony_changes_sec: Floats
    emphasis: Floats  # of each event
    ornaments: Sequence[Ornament]
    sound: SoundFrames | None

    def count_of(self, kind: str) -> float:
        return float(sum(ornament.kind == kind for ornament in self.ornaments))


@dataclass(frozen=True)
class Definition:
    """How one measurement is taken; its docstring is that of the function behind it."""

    unit: str
    needs: str
    of: Callable[[Stretch], float | None]


def _of_notes(function: Callable[[NoteArray], float | None]) -> Callable[[Stretch], float | None]:
    return lambda stretch: function(stretch.notes)


def _of_sound(function: Callable[[SoundFrames], float | None]) -> Callable[[Stretch], float | None]:
    return lambda stretch: None if stretch.sound is None else function(stretch.sound)


def _tempo(stretch: Stretch) -> float | None:
    if stretch.pulse_bpm is None:
        return tempo.tempo_bpm(stretch.notes)
    return tempo.tempo_near_bpm(stretch.notes, stretch.pulse_bpm)


def _trill_rate(stretch: Stretch) -> float | None:
    rates = [found.notes_per_sec for found in stretch.ornaments if found.kind == ornaments.TRILL]
    return float(np.median(rates)) if rates else None


DEFINITIONS: dict[str, Definition] = {
    "note_count": Definition("notes", "nothing", lambda s: float(len(s.notes))),
    "tempo_bpm": Definition(
        "beats per minute", "8 notes or chords; in a window 5, over two beats", _tempo
    ),
    "tempo_spread_bpm": Definition(
        "beats per minute", "10 seconds", _of_notes(tempo.tempo_spread_bpm)
    ),
    "ioi_variability": Definition(
        "ratio", "6 pairs of nearly equal intervals", _of_notes(tempo.ioi_variability)
    ),
    "key_overlap_ratio": Definition(
        "ratio of the inter-onset interval",
        "5 pairs of notes of a voice",
        _of_notes(articulation.key_overlap_ratio),
    ),
    "note_duration_sec": Definition(
        "seconds", "5 notes", _of_notes(articulation.note_duration_sec)
    ),
    "staccato_fraction": Definition(
        "fraction", "5 pairs of notes of a voice", _of_notes(articulation.staccato_fraction)
    ),
    "chord_asynchrony_ms": Definition(
        "milliseconds", "3 chords", _of_notes(chords.chord_asynchrony_ms)
    ),
    "melody_lead_ms": Definition(
        "milliseconds", "4 chords with melody", _of_notes(voicing.melody_lead_ms)
    ),
    "melody_lead_velocity": Definition(
        "MIDI velocity",
        "4 notes of melody and 4 of accompaniment",
        _of_notes(voicing.melody_lead_velocity),
    ),
    "velocity_mean": Definition("MIDI velocity", "1 note", _of_notes(dynamics.velocity_mean)),
    "velocity_range": Definition("MIDI velocity", "8 notes", _of_notes(dynamics.velocity_range)),
    "velocity_contour_range": Definition(
        "MIDI velocity", "8 notes", _of_notes(dynamics.velocity_contour_range)
    ),
    "velocity_trend_per_sec": Definition(
        "MIDI velocity per second",
        "8 notes over 1 second",
        _of_notes(dynamics.velocity_trend_per_sec),
    ),
    "accent_strength": Definition(
        "MIDI velocity", "8 notes or chords", lambda s: accents.accent_strength(s.emphasis)
    ),
    "accents_per_minute": Definition(
        "per minute",
        "8 notes or chords",
        lambda s: accents.accents_per_minute(s.emphasis, s.start_sec, s.end_sec),
    ),
    "note_density_per_sec": Definition(
        "notes per second",
        "nothing",
        lambda s: texture.note_density_per_sec(s.notes, s.start_sec, s.end_sec),
    ),
    "polyphony": Definition("keys down at once", "1 note", _of_notes(texture.polyphony)),
    "pitch_mean": Definition("MIDI note number", "1 note", _of_notes(texture.pitch_mean)),
    "pitch_range": Definition("semitones", "8 notes", _of_notes(texture.pitch_range)),
    "repeated_note_unevenness": Definition(
        "ratio",
        "4 pairs of intervals between strokes of one key",
        _of_notes(repetition.repeated_note_unevenness),
    ),
    "repeated_note_velocity_change": Definition(
        "MIDI velocity",
        "4 repetitions of one key",
        _of_notes(repetition.repeated_note_velocity_change),
    ),
    "trill_count": Definition("trills", "nothing", lambda s: s.count_of(ornaments.TRILL)),
    "trill_rate_per_sec": Definition("notes per second", "1 trill", _trill_rate),
    "mordent_count": Definition("mordents", "nothing", lambda s: s.count_of(ornaments.MORDENT)),
    "turn_count": Definition("turns", "nothing", lambda s: s.count_of(ornaments.TURN)),
    "grace_note_count": Definition(
        "grace notes", "nothing", lambda s: s.count_of(ornaments.GRACE_NOTE)
    ),
    "harmony_changes_per_minute": Definition(
        "per minute",
        "2 seconds",
        lambda s: harmony.harmony_changes_per_minute(s.harmony_changes_sec, s.start_sec, s.end_sec),
    ),
    "pedal_down_fraction": Definition(
        "fraction",
        "nothing",
        lambda s: pedal.pedal_down_fraction(s.pedal, s.start_sec, s.end_sec),
    ),
    "pedal_changes_per_minute": Definition(
        "per minute",
        "2 seconds",
        lambda s: pedal.pedal_changes_per_minute(s.pedal, s.start_sec, s.end_sec),
    ),
    "pedal_over_harmony_fraction": Definition(
        "fraction",
        "2 changes of harmony",
        lambda s: harmony.pedal_over_harmony_fraction(s.pedal, s.harmony_changes_sec),
    ),
    "loudness_lufs": Definition("LUFS", "0.4 seconds of sound", _of_sound(sound.loudness_lufs)),
    "loudness_range_lu": Definition("LU", "6 seconds of sound", _of_sound(sound.loudness_range_lu)),
    "brightness_hz": Definition("hertz", "0.5 seconds of sound", _of_sound(sound.brightness_hz)),
    "roll_off_hz": Definition("hertz", "0.5 seconds of sound", _of_sound(sound.roll_off_hz)),
}


class Measuring:
    """All that takes the whole recording is worked out once, then summarised by stretch."""

    def __init__(self, performance: Performance, frames: SoundFrames | None = None) -> None:
        self._performance = performance
        self._frames = frames
        self._harmony_changes_sec = harmony.harmony_changes_sec(performance.notes)
        self._event_onsets_sec = chords.event_onsets_sec(performance.notes)
        self._emphasis = accents.event_emphasis(performance.notes)
        self._ornaments = ornaments.find_ornaments(performance.notes)

    def whole(self) -> dict[str, Measurement]:
        """Every measurement over the whole recording."""
        played = self._performance
        stretch = Stretch(
            played.notes,
            played.pedal,
            0.0,
            played.duration_sec,
            None,
            self._harmony_changes_sec,
            self._emphasis,
            self._ornaments,
            self._frames,
        )
        return _named(stretch)

    def between(
        self, start_sec: float, end_sec: float, pulse_bpm: float | None = None
    ) -> dict[str, Measurement]:
        """Every measurement of what is struck at or after start and before end.

        With ``pulse_bpm``, the tempo is looked for near it, which takes fewer notes.
        """
        start, end = max(start_sec, 0.0), min(end_sec, self._performance.duration_sec)
        changes, events = self._harmony_changes_sec, self._event_onsets_sec
        stretch = Stretch(
            notes_between(self._performance.notes, start, end),
            self._performance.pedal,
            start,
            end,
            pulse_bpm,
            changes[(changes >= start) & (changes < end)],
            self._emphasis[(events >= start) & (events < end)],
            [found for found in self._ornaments if start <= found.onset_sec < end],
            self._frames.between(start, end) if self._frames is not None else None,
        )
        return _named(stretch)

    def windows(
        self, windows: Sequence[Window], pause: Callable[[], None] = lambda: None
    ) -> list[Values]:
        """The values alone, to four digits, inside each window. ``pause`` is called before each
        and may raise."""
        pulse_bpm = tempo.tempo_bpm(self._performance.notes)
        found = []
        for window in windows:
            pause()
            measured = self.between(window.start_sec, window.end_sec, pulse_bpm)
            found.append({key: _rounded(m.value) for key, m in measured.items()})
        return found


def measure(
    performance: Performance, start_sec: float | None = None, end_sec: float | None = None
) -> dict[str, Measurement]:
    """Every measurement of the notes, over the whole or the notes struck in a stretch."""
    measuring = Measuring(performance)
    if start_sec is None and end_sec is None:
        return measuring.whole()
    return measuring.between(
        0.0 if start_sec is None else start_sec,
        performance.duration_sec if end_sec is None else end_sec,
    )


def notes_between(notes: NoteArray, start_sec: float, end_sec: float) -> NoteArray:
    """Notes struck at or after start and before end; releases are left as they are."""
    left, right = np.searchsorted(notes["onset_sec"], [start_sec, end_sec])
    return notes[left:right]


def _named(stretch: Stretch) -> dict[str, Measurement]:
    return {
        key: Measurement(
            definition.of(stretch), definition.unit, len(stretch.notes), definition.needs
        )
        for key, definition in DEFINITIONS.items()
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.{SIGNIFICANT_DIGITS}g}")
