"""Plays the demonstration's takes anew: ``python -m tools.demo_takes``. Needs fluidsynth.

Four takes of the opening of Bach's Prelude in C (BWV 846, public domain), by a small model of
somebody who practises: the first hurries, hits hard and never changes the pedal; the last is even,
shaped and clean. The piano is that of the soundfont FluidR3 GM (MIT licence).
"""

from __future__ import annotations

import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np

from crescendai.music.notes import NoteArray, PedalArray, note_array, pedal_array
from crescendai.recordings.performance import to_midi
from tools.node import ROOT

OUT = ROOT / "demo"
SOUNDFONT = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")
BARS = (  # two of the left hand, three of the right, as they are broken in each bar
    (60, 64, 67, 72, 76),
    (60, 62, 69, 74, 77),
    (59, 62, 67, 74, 77),
    (60, 64, 67, 72, 76),
    (60, 64, 69, 76, 81),
)
ORDER = (0, 1, 2, 3, 4, 2, 3, 4)
LAST = (48, 55, 64, 67, 72)
LOUDNESS = (58, 64, 70, 66, 78)  # where each bar stands in the phrase, MIDI velocity


@dataclass(frozen=True)
class Manner:
    """``wobble`` is the spread of the sixteenths as a share of one, ``hurry`` how much faster the
    end is; ``shape`` the share of the phrase's swell, ``hardness`` velocity above it; ``held`` the
    length of a key as a share of the distance to the next; ``pedal_bars`` bars to a change."""

    name: str
    sixteenth_sec: float
    wobble: float
    hurry: float
    shape: float
    hardness: int
    held: float
    pedal_bars: int


MANNERS = (
    Manner("prelude-monday", 0.185, 0.16, 0.25, 0.1, 30, 0.55, 5),
    Manner("prelude-wednesday", 0.2, 0.1, 0.15, 0.3, 18, 0.75, 2),
    Manner("prelude-friday", 0.215, 0.06, 0.06, 0.7, 6, 0.95, 1),
    Manner("prelude-sunday", 0.225, 0.025, 0.0, 1.0, 0, 1.05, 1),
)


def play(manner: Manner) -> tuple[NoteArray, PedalArray]:
    rng = np.random.default_rng(len(manner.name))
    notes: list[tuple[float, float, int, int]] = []
    bar_starts: list[float] = []
    now = 0.6
    for number, bar in enumerate(BARS):
        bar_starts.append(now)
        for step in [*ORDER, *ORDER]:
            length = manner.sixteenth_sec * (1 - manner.hurry * number / len(BARS))
            length *= 1 + manner.wobble * float(rng.standard_normal())
            swell = 66 + manner.shape * (LOUDNESS[number] - 66) + manner.hardness
            velocity = int(np.clip(swell + 3 * rng.standard_normal() - 4 * (step < 2), 25, 122))
            down = manner.held * length * (7 - ORDER.index(step) if step < 2 else 1)
            notes.append((now, now + down, bar[step], velocity))
            now += max(length, 0.05)
    bar_starts.append(now)
    notes += [(now + 0.02 * i, now + 2.4, pitch, 62) for i, pitch in enumerate(LAST)]
    changes = bar_starts[:: manner.pedal_bars]
    ends = [*changes[1:], now + 2.4]
    pedal = [(a + 0.06, b - 0.03) for a, b in zip(changes, ends, strict=True)]
    return note_array(notes), pedal_array(pedal)


def record(manner: Manner, path: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        midi, raw = Path(folder, "take.mid"), Path(folder, "take.wav")
        midi.write_bytes(to_midi(*play(manner)))
        command = ["fluidsynth", "-ni", "-q", "-g", "0.7", "-r", "44100", "-F", str(raw)]
        subprocess.run([*command, str(SOUNDFONT), str(midi)], check=True, capture_output=True)
        with av.open(str(raw)) as heard, av.open(str(path), "w", format="mp3") as kept:
            stream = kept.add_stream("mp3", rate=44_100, layout="mono")
            stream.bit_rate = 96_000
            resampler = av.AudioResampler("s16p", "mono", 44_100, 1152)
            for frame in heard.decode(audio=0):
                for piece in resampler.resample(frame):
                    kept.mux(stream.encode(piece))
            for piece in resampler.resample(None):
                kept.mux(stream.encode(piece))
            kept.mux(stream.encode(None))


if __name__ == "__main__":
    OUT.mkdir(exist_ok=True)
    for manner in MANNERS:
        record(manner, OUT / f"{manner.name}.mp3")
