"""Trills, mordents, turns and grace notes, told from the notes' order and speed alone.

An ornament is a figure of steps (one or two semitones) so quick that the ear takes it as one
gesture: trills run at 8 to 13 notes a second (Moore 1992, "Piano trills", Music Perception 9,
351–360), grace notes last about 50 to 150 ms (Timmers, Ashley, Desain, Honing & Windsor 2002,
"Timing of ornaments in the theme from Beethoven's Paisiello Variations", Music Perception 20,
3–33). Without a score, a quick measured figure of the same shape counts too, and a grace note
that leaps is not told from a broken chord.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from crescendai.music.chords import CHORD_WINDOW_SEC
from crescendai.music.notes import NoteArray

TRILL, MORDENT, TURN, GRACE_NOTE = "trill", "mordent", "turn", "grace note"

MIN_STEP_SEC, MAX_STEP_SEC = 0.03, 0.18
MAX_STEP_SEMITONES = 2
MIN_TRILL_NOTES = 6
REST_FACTOR = 1.6  # before and after a figure, the voice rests so many of its intervals …
GRACE_REST_FACTOR = 2.5  # … and after a grace note's main note, so many
GRACE_HELD_SEC = 0.1  # a grace note is let go so soon after its main note; a chord's is held
REACH_SEMITONES = 9
LOOK_AHEAD_NOTES = 16


@dataclass(frozen=True)
class Ornament:
    """One figure: its kind, when it begins, how many notes it has, and how fast they come."""

    kind: str
    onset_sec: float
    note_count: int
    notes_per_sec: float


def find_ornaments(notes: NoteArray) -> list[Ornament]:
    """All figures found, in order of time."""
    found = []
    for chain in _step_chains(notes):
        spans = _trill_spans(notes["pitch"][chain].tolist())
        found += [_ornament(TRILL, notes, chain[first:last]) for first, last in spans]
        if not spans:
            kind = _figure(notes, chain)
            if kind is not None:
                found.append(_ornament(kind, notes, chain))
    return sorted(found, key=lambda ornament: ornament.onset_sec)


def _ornament(kind: str, notes: NoteArray, chain: Sequence[int]) -> Ornament:
    onsets = notes["onset_sec"][list(chain)]
    rate = (len(chain) - 1) / float(onsets[-1] - onsets[0])
    return Ornament(kind, float(onsets[0]), len(chain), rate)


def _step_chains(notes: NoteArray) -> list[list[int]]:
    """Maximal runs of notes, each a quick step from the one before; no note is in two."""
    onsets, pitches = notes["onset_sec"].tolist(), notes["pitch"].tolist()
    taken: set[int] = set()
    chains = []
    for first in range(len(notes)):
        if first in taken:
            continue
        chain = [first]
        while (following := _next_step(onsets, pitches, chain[-1], taken)) is not None:
            taken.add(following)
            chain.append(following)
        if len(chain) >= 2:
            chains.append(chain)
    return chains


def _next_step(onsets: list[float], pitches: list[int], here: int, taken: set[int]) -> int | None:
    for there in range(here + 1, min(here + 1 + LOOK_AHEAD_NOTES, len(onsets))):
        interval_sec = onsets[there] - onsets[here]
        if interval_sec > MAX_STEP_SEC:
            return None
        is_step = 1 <= abs(pitches[there] - pitches[here]) <= MAX_STEP_SEMITONES
        if interval_sec >= MIN_STEP_SEC and is_step and there not in taken:
            return there
    return None


def _trill_spans(pitches: Sequence[int]) -> list[tuple[int, int]]:
    """Stretches (first, end) of a chain that go to and fro between two pitches often enough."""
    spans, first = [], 0
    for index in range(2, len(pitches) + 1):
        if index == len(pitches) or pitches[index] != pitches[index - 2]:
            if index - first >= MIN_TRILL_NOTES:
                spans.append((first, index))
            first = index - 1
    return spans


def _figure(notes: NoteArray, chain: list[int]) -> str | None:
    """What a chain that stands alone in its voice is: mordent, turn, grace note or nothing."""
    pitches = notes["pitch"][chain].tolist()
    onsets = notes["onset_sec"][chain]
    interval_sec = float(np.diff(onsets).mean())
    before_sec, after_sec = _rests(notes, chain)
    if min(before_sec, after_sec) < REST_FACTOR * interval_sec:
        return None
    if len(chain) == 3 and pitches[0] == pitches[2]:
        return MORDENT
    if _is_turn(pitches):
        return TURN
    let_go = float(notes["offset_sec"][chain[0]]) <= float(onsets[1]) + GRACE_HELD_SEC
    if len(chain) == 2 and let_go and after_sec >= GRACE_REST_FACTOR * interval_sec:
        return GRACE_NOTE
    return None


def _is_turn(pitches: list[int]) -> bool:
    """Upper, main, lower, main (or the other way up), with or without the main note before."""
    if len(pitches) == 5 and pitches[0] == pitches[2]:
        pitches = pitches[1:]
    if len(pitches) != 4 or pitches[1] != pitches[3]:
        return False
    return (pitches[0] - pitches[1]) * (pitches[2] - pitches[1]) < 0


def _rests(notes: NoteArray, chain: list[int]) -> tuple[float, float]:
    """Seconds without another note of the register before and after a chain (inf at the ends)."""
    onsets = notes["onset_sec"]
    near = np.abs(notes["pitch"] - int(notes["pitch"][chain[-1]])) <= REACH_SEMITONES
    first_sec, last_sec = float(onsets[chain[0]]), float(onsets[chain[-1]])
    earlier = onsets[near & (onsets < first_sec - CHORD_WINDOW_SEC)]
    later = onsets[near & (onsets > last_sec + CHORD_WINDOW_SEC)]
    before_sec = first_sec - float(earlier[-1]) if len(earlier) else np.inf
    after_sec = float(later[0]) - last_sec if len(later) else np.inf
    return before_sec, after_sec
