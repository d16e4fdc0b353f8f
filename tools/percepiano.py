"""Read the PercePiano data set: MIDI performances, ratings and how passages overlap.

File names are ``{piece}_{N}bars_{PLAYER}_{PASSAGE}.mid`` (the data set's README has the last
two swapped); one name starts with a space; players ``Score`` and ``Score2`` are deadpan
renderings of the score. The folder is named by the environment variable PERCEPIANO.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import mido
import numpy as np
import numpy.typing as npt

from crescendai.music.notes import Performance, note_array, pedal_array

LABEL_FILE = "label_2round_mean_reg_19_with0_rm_highstd0.json"
PEDAL_THRESHOLD = 64  # controller 64 at or above this is "down"
_NAME = re.compile(r"^\s*(?P<piece>.+)_(?P<bars>\d+)bars_(?P<player>[A-Za-z0-9]+)_(?P<index>\d+)$")


@dataclass(frozen=True)
class Clip:
    """One rated performance of one passage."""

    name: str
    path: Path
    piece: str  # one of four works or movements
    player: str
    passage: str  # 99 of them
    group: str  # passages sharing music are one group, be it music that comes back …
    bars: str  # … or only the same bars of the score
    labels: npt.NDArray[np.float64]  # 19 means in [0, 1]

    @property
    def is_human(self) -> bool:
        return not self.player.startswith("Score")


def data_folder() -> Path:
    """The data set's folder, from the environment."""
    folder = os.environ.get("PERCEPIANO")
    if not folder:
        raise SystemExit("Set PERCEPIANO to the folder of the PercePiano data set.")
    return Path(folder)


def read_midi(path: Path, max_sec: float | None = None) -> Performance:
    """Notes with key releases and sustain-pedal spans; the first onset is moved to 0.25 s.

    With ``max_sec``, only notes struck before that time are kept, and cut there.
    """
    rows: list[tuple[float, float, int, int]] = []
    spans: list[tuple[float, float]] = []
    held: dict[int, tuple[float, int]] = {}
    pedal_down_at: float | None = None
    now_sec = 0.0
    for message in mido.MidiFile(path):
        now_sec += message.time
        if message.type in ("note_on", "note_off"):
            if message.note in held:
                onset_sec, velocity = held.pop(message.note)
                rows.append((onset_sec, max(now_sec, onset_sec + 0.01), message.note, velocity))
            if message.type == "note_on" and message.velocity > 0:
                held[message.note] = (now_sec, message.velocity)
        elif message.type == "control_change" and message.control == 64:
            if message.value >= PEDAL_THRESHOLD and pedal_down_at is None:
                pedal_down_at = now_sec
            elif message.value < PEDAL_THRESHOLD and pedal_down_at is not None:
                spans.append((pedal_down_at, now_sec))
                pedal_down_at = None
    rows += [
        (onset, max(now_sec, onset + 0.01), pitch, vel) for pitch, (onset, vel) in held.items()
    ]
    if pedal_down_at is not None:
        spans.append((pedal_down_at, now_sec))
    return _shifted(rows, spans, max_sec)


def _shifted(
    rows: list[tuple[float, float, int, int]],
    spans: list[tuple[float, float]],
    max_sec: float | None,
) -> Performance:
    """Move the first onset to 0.25 s and cut at ``max_sec``."""
    shift_sec = 0.25 - min(row[0] for row in rows)
    end_sec = max_sec if max_sec is not None else float("inf")
    notes = [
        (on + shift_sec, min(off + shift_sec, end_sec), pitch, vel)
        for on, off, pitch, vel in rows
        if on + shift_sec < end_sec - 0.05
    ]
    pedal = [
        (max(on + shift_sec, 0.0), min(off + shift_sec, end_sec))
        for on, off in spans
        if off + shift_sec > 0.0 and on + shift_sec < end_sec
    ]
    last_sec = max([row[1] for row in notes] + [span[1] for span in pedal])
    return Performance(note_array(notes), pedal_array(pedal), min(last_sec + 0.5, end_sec))


def load_clips(folder: Path) -> list[Clip]:
    """All rated performances, sorted by name, with their passages grouped by shared music."""
    labels: dict[str, list[float]] = json.loads((folder / LABEL_FILE).read_text())
    paths = {path.stem.strip(): path for path in (folder / "performances").glob("*.mid")}
    found = []
    for name in sorted(labels):
        match = _NAME.match(name)
        if match is None or name.strip() not in paths:
            raise ValueError(f"{name!r} is rated but has no performance of that name")
        found.append((name.strip(), match))
    groups = _passage_groups(paths)
    bars = overlapping_bars(list(groups))
    clips = []
    for name, match in found:
        passage = f"{match['piece']}_{match['bars']}bars_{int(match['index'])}"
        clips.append(
            Clip(
                name=name,
                path=paths[name],
                piece=match["piece"].rsplit("_", 1)[0]
                if match["piece"].startswith("Beethoven")
                else match["piece"],
                player=match["player"],
                passage=passage,
                group=groups[passage],
                bars=bars[passage],
                labels=np.array(_label_row(labels, name)[:19], dtype=np.float64),
            )
        )
    return clips


def _label_row(labels: dict[str, list[float]], name: str) -> list[float]:
    return labels[name] if name in labels else labels[f" {name}"]


def _passage_groups(paths: dict[str, Path]) -> dict[str, str]:
    """Merge passages of one piece that share more than a quarter of their music.

    Compared are 5-grams of chords (sets of pitches struck together) in the deadpan rendering.
    """
    grams: dict[str, set[tuple[tuple[int, ...], ...]]] = {}
    for name, path in paths.items():
        match = _NAME.match(name)
        if match is not None and match["player"] == "Score":
            passage = f"{match['piece']}_{match['bars']}bars_{int(match['index'])}"
            grams[passage] = _chord_grams(read_midi(path))
    group = {passage: passage for passage in grams}
    for left in sorted(grams):
        for right in sorted(grams):
            smaller = min(len(grams[left]), len(grams[right]))
            if left < right and len(grams[left] & grams[right]) > 0.25 * smaller:
                old, new = group[right], group[left]
                group = {key: new if value == old else value for key, value in group.items()}
    return group


def overlapping_bars(passages: list[str]) -> dict[str, str]:
    """For each passage the first of those whose bars it shares; the n-th of N bars ends at n · N.

    What comes back later in a piece counts as other bars.
    """
    extents = {}
    for passage in passages:
        piece, count, index = passage.replace("bars", "").rsplit("_", 2)
        extents[passage] = piece, int(count) * (int(index) - 1), int(count) * int(index)
    found: dict[str, str] = {}
    last: tuple[str, str, int] = ("", "", 0)  # piece, group, and where the group ends
    for passage, (piece, start, end) in sorted(extents.items(), key=lambda item: item[1]):
        joined = piece == last[0] and start < last[2]
        found[passage] = last[1] if joined else passage
        last = piece, found[passage], max(end, last[2]) if joined else end
    return found


def _chord_grams(performance: Performance) -> set[tuple[tuple[int, ...], ...]]:
    chords: list[tuple[int, ...]] = []
    last_onset_sec = -1.0
    for note in performance.notes:
        if note["onset_sec"] - last_onset_sec > 0.03:
            chords.append(())
            last_onset_sec = float(note["onset_sec"])
        chords[-1] = tuple(sorted({*chords[-1], int(note["pitch"])}))
    return {tuple(chords[i : i + 5]) for i in range(len(chords) - 4)}


def unique_in_order(values: Iterable[str]) -> list[str]:
    """The distinct values, in order of first appearance."""
    return list(dict.fromkeys(values))
