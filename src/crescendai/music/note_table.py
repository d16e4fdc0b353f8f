"""What is known of every note and every event, computed once and then summarised by stretch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from crescendai.music.articulation import LONGEST_INTERVAL_SEC
from crescendai.music.chords import event_of_note, event_starts
from crescendai.music.notes import NoteArray, PedalArray
from crescendai.music.resonance import companions, sounding_until_sec
from crescendai.music.voices import melody_mask, next_in_voice

CONTOUR_HALF_WIDTH_SEC = 1.0

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class NoteTable:
    """Columns of equal length, one row a note; NaN where a column does not apply."""

    onset_sec: Floats
    duration_sec: Floats
    pitch: Floats
    velocity: Floats
    melody: Bools
    overlap_ratio: Floats  # key overlap divided by the interval to the next note of the voice
    contour: Floats  # mean velocity of the notes within one second
    voice_change: Floats  # velocity of the next note of the voice minus this one's
    voice_interval_sec: Floats  # to the next note of the voice
    sounding_sec: Floats  # until the key, the pedal or the same key struck again ends the note
    pedalled: Floats  # 1 if the pedal is down when the key is struck
    keys_down: Floats  # earlier notes whose keys are still down at the onset
    sounding: Floats  # earlier notes that still sound at the onset, by key or pedal …
    clashing: Floats  # … of which a second or seventh away
    event: npt.NDArray[np.int64]


@dataclass(frozen=True)
class EventTable:
    """Columns of equal length, one row an event (a note or a chord)."""

    onset_sec: Floats
    size: Floats
    spread_ms: Floats
    top_pitch: Floats
    low_pitch: Floats
    velocity: Floats  # loudest note
    lead_ms: Floats  # mean onset of the others minus the top note's; NaN for single notes


def note_table(notes: NoteArray, pedal: PedalArray) -> NoteTable:
    """The note columns; ``notes`` are sorted by onset and at least one."""
    onsets = notes["onset_sec"].astype(np.float64)
    offsets = notes["offset_sec"].astype(np.float64)
    velocities = notes["velocity"].astype(np.float64)
    following = next_in_voice(notes)
    has_next = following >= 0
    there = np.maximum(following, 0)
    intervals = np.where(has_next, onsets[there] - onsets, np.nan)
    repeated = notes["pitch"][there] == notes["pitch"]
    with np.errstate(invalid="ignore"):
        ratios = np.clip((offsets - onsets[there]) / np.maximum(intervals, 1e-3), -1.0, 2.0)
        ratios[~has_next | repeated | (intervals > LONGEST_INTERVAL_SEC)] = np.nan
    pitches = notes["pitch"].astype(np.float64)
    until = sounding_until_sec(notes, pedal)
    keys_down, _ = companions(onsets, offsets, pitches)
    sounding, clashing = companions(onsets, until, pitches)
    return NoteTable(
        onset_sec=onsets,
        duration_sec=offsets - onsets,
        pitch=pitches,
        velocity=velocities,
        melody=melody_mask(notes),
        overlap_ratio=ratios,
        contour=_moving_mean(onsets, velocities),
        voice_change=np.where(has_next, velocities[there] - velocities, np.nan),
        voice_interval_sec=intervals,
        sounding_sec=until - onsets,
        pedalled=_pedal_down(onsets, pedal),
        keys_down=keys_down,
        sounding=sounding,
        clashing=clashing,
        event=event_of_note(notes),
    )


def event_table(table: NoteTable) -> EventTable:
    """The event columns of the notes of ``table``."""
    starts = event_starts(table.event)
    sizes = np.diff(np.append(starts, len(table.event))).astype(np.float64)
    first = np.minimum.reduceat(table.onset_sec, starts)
    last = np.maximum.reduceat(table.onset_sec, starts)
    top_pitch = np.maximum.reduceat(table.pitch, starts)
    is_top = table.pitch == top_pitch[table.event]
    top_onset = np.minimum.reduceat(np.where(is_top, table.onset_sec, np.inf), starts)
    total = np.add.reduceat(table.onset_sec, starts)
    with np.errstate(invalid="ignore", divide="ignore"):
        lead_ms = 1000.0 * ((total - top_onset) / (sizes - 1) - top_onset)
    return EventTable(
        onset_sec=first,
        size=sizes,
        spread_ms=1000.0 * (last - first),
        top_pitch=top_pitch,
        low_pitch=np.minimum.reduceat(table.pitch, starts),
        velocity=np.maximum.reduceat(table.velocity, starts),
        lead_ms=np.where(sizes >= 2, lead_ms, np.nan),
    )


def _pedal_down(onsets_sec: Floats, pedal: PedalArray) -> Floats:
    """1 where the sustain pedal is down, else 0."""
    pressed = np.searchsorted(pedal["onset_sec"], onsets_sec, side="right")
    lifted = np.searchsorted(np.sort(pedal["offset_sec"]), onsets_sec, side="right")
    down: Floats = (pressed > lifted).astype(np.float64)
    return down


def _moving_mean(onsets_sec: Floats, values: Floats) -> Floats:
    left = np.searchsorted(onsets_sec, onsets_sec - CONTOUR_HALF_WIDTH_SEC)
    right = np.searchsorted(onsets_sec, onsets_sec + CONTOUR_HALF_WIDTH_SEC)
    total = np.concatenate([[0.0], np.cumsum(values)])
    mean: Floats = (total[right] - total[left]) / np.maximum(right - left, 1)
    return mean
