"""Transcription: agreement with the reference implementation, and speed of both.

    PYTHONPATH=src python -m bench.transcription [--seconds 30] [--threads 2]

Takes an excerpt of each recording in ``$CRESCENDAI_SHARED/audio`` (default ``../shared`` beside the
repository). The reference is the PyPI package ``transkun`` on torch; without them only our own
speed is printed. Both transcribe the same samples, one after the other, with the same number of
threads. Real-time factor (RTF) is seconds of work per second of sound: by the clock, and by CPU
time, which other load on the machine disturbs less.

Onset F1: same pitch, onsets within 50 ms. Offset F1: the onset matches and the offset is within
50 ms or 20 % of the note. Velocity r: Pearson, over matched onsets. Pedal F1: over 10 ms frames.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from crescendai.adapters.models.transkun import SUSTAIN, TranskunTranscriber
from crescendai.music.mel import SAMPLE_RATE
from crescendai.music.notes import (
    NoteArray,
    PedalArray,
    Performance,
    note_array,
    pedal_array,
)

Floats = npt.NDArray[np.float32]

TOLERANCE_SEC = 0.05
PEDAL_FRAME_SEC = 0.01


@dataclass(frozen=True)
class Timed:
    """A performance and what it cost."""

    performance: Performance
    clock_sec: float
    cpu_sec: float


def recordings() -> list[Path]:
    """Audio files to measure on."""
    beside = Path(__file__).resolve().parents[1] / ".." / "shared"
    folder = Path(os.environ.get("CRESCENDAI_SHARED", beside)) / "audio"
    found = sorted(p for p in folder.glob("*") if p.suffix in {".ogg", ".wav", ".flac", ".mp3"})
    if not found:
        raise SystemExit(
            f"no recordings in {folder}: set CRESCENDAI_SHARED to a folder with audio/"
        )
    return found


def excerpt(path: Path, begin_sec: float, length_sec: float) -> Floats:
    """Mono samples at the model's rate."""
    import av
    import soxr

    with av.open(str(path)) as container:
        parts = [frame.to_ndarray() for frame in container.decode(audio=0)]
        rate = container.streams.audio[0].rate
    sound = np.concatenate(parts, axis=1).astype(np.float32).mean(axis=0)
    sound = sound[int(begin_sec * rate) : int((begin_sec + length_sec) * rate)]
    return np.asarray(soxr.resample(sound, rate, SAMPLE_RATE), np.float32)


def reference(threads: int) -> Callable[[Floats], Performance] | None:
    """The torch implementation, or None where it is not installed."""
    if not all(importlib.util.find_spec(name) for name in ("torch", "transkun")):
        return None
    torch = importlib.import_module("torch")
    torch.set_num_threads(threads)
    model: Any = importlib.import_module("tools.export_transkun").reference_model()

    def transcribe(samples: Floats) -> Performance:
        events = model.transcribe(torch.from_numpy(samples)[:, None])
        notes = [(e.start, e.end, e.pitch, max(e.velocity, 1)) for e in events if e.pitch > 0]
        pedal = [(e.start, e.end) for e in events if e.pitch == SUSTAIN]
        return Performance(note_array(notes), pedal_array(pedal), len(samples) / SAMPLE_RATE)

    return transcribe


def timed(transcribe: Callable[[Floats], Performance], samples: Floats) -> Timed:
    clock, cpu = time.perf_counter(), time.process_time()
    performance = transcribe(samples)
    return Timed(performance, time.perf_counter() - clock, time.process_time() - cpu)


def match(expected: NoteArray, found: NoteArray) -> list[tuple[int, int]]:
    """Most pairs of equal pitch with onsets within 50 ms, as indices (expected, found)."""
    pairs = []
    for pitch in np.intersect1d(expected["pitch"], found["pitch"]):
        left, right = (
            np.flatnonzero(notes["pitch"] == pitch).tolist() for notes in (expected, found)
        )
        i = j = 0  # both in order of onset: taking the earliest that fits is optimal
        while i < len(left) and j < len(right):
            apart = float(found["onset_sec"][right[j]] - expected["onset_sec"][left[i]])
            if abs(apart) <= TOLERANCE_SEC:
                pairs.append((left[i], right[j]))
                i, j = i + 1, j + 1
            elif apart < 0:
                j += 1
            else:
                i += 1
    return pairs


def f1(hits: float, expected: float, found: float) -> float:
    return 2 * hits / (expected + found) if expected + found else 1.0


def offset_hits(expected: NoteArray, found: NoteArray, pairs: list[tuple[int, int]]) -> int:
    hits = 0
    for i, j in pairs:
        length = expected["offset_sec"][i] - expected["onset_sec"][i]
        apart = abs(expected["offset_sec"][i] - found["offset_sec"][j])
        hits += bool(apart <= max(TOLERANCE_SEC, 0.2 * length))
    return hits


def pedal_f1(expected: PedalArray, found: PedalArray, duration_sec: float) -> float:
    def pressed(spans: PedalArray) -> npt.NDArray[np.bool_]:
        frames = np.zeros(int(duration_sec / PEDAL_FRAME_SEC) + 1, np.bool_)
        for onset, offset in spans.tolist():
            frames[int(onset / PEDAL_FRAME_SEC) : int(offset / PEDAL_FRAME_SEC)] = True
        return frames

    one, other = pressed(expected), pressed(found)
    return f1(float((one & other).sum()), float(one.sum()), float(other.sum()))


def agreement(expected: Performance, found: Performance) -> str:
    """One row of figures."""
    notes, ours = expected.notes, found.notes
    pairs = match(notes, ours)
    left, right = [i for i, _ in pairs], [j for _, j in pairs]
    loud = notes["velocity"][left], ours["velocity"][right]
    r = float(np.corrcoef(*loud)[0, 1]) if len(pairs) > 1 else float("nan")
    shift = np.abs(notes["onset_sec"][left] - ours["onset_sec"][right]).max(initial=0)
    changed = int((loud[0] != loud[1]).sum())
    return (
        f"notes {len(notes)}/{len(ours)}  onset F1 {f1(len(pairs), len(notes), len(ours)):.4f}  "
        f"offset F1 {f1(offset_hits(notes, ours, pairs), len(notes), len(ours)):.4f}  "
        f"velocity r {r:.5f} ({changed} differ)  "
        f"pedal F1 {pedal_f1(expected.pedal, found.pedal, expected.duration_sec):.4f}  "
        f"largest onset shift {1000 * shift:.3f} ms"
    )


def speed(name: str, runs: list[Timed]) -> tuple[float, float]:
    sound = sum(run.performance.duration_sec for run in runs)
    clock, cpu = (
        sum(getattr(run, key) for run in runs) / sound for key in ("clock_sec", "cpu_sec")
    )
    print(f"{name}: RTF {clock:.3f} by the clock, {cpu:.3f} CPU")
    return clock, cpu


def main() -> None:
    parser = argparse.ArgumentParser(description="agreement and speed of the transcriber")
    parser.add_argument("--seconds", type=float, default=30, help="length of each excerpt")
    parser.add_argument("--begin", type=float, default=20, help="where each excerpt begins")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--weights", type=Path, help="another folder of exported weights")
    arguments = parser.parse_args()
    ours = TranskunTranscriber(arguments.weights, arguments.threads)
    theirs = reference(arguments.threads)
    runs: list[Timed] = []
    reference_runs: list[Timed] = []
    for path in recordings():
        samples = excerpt(path, arguments.begin, arguments.seconds)
        runs.append(timed(lambda sound: ours.transcribe(sound, SAMPLE_RATE), samples))
        row = f"notes {len(runs[-1].performance.notes)}"
        if theirs is not None:
            reference_runs.append(timed(theirs, samples))
            row = agreement(reference_runs[-1].performance, runs[-1].performance)
        print(f"{path.stem}: {row}", flush=True)
    clock, cpu = speed(f"onnxruntime, {arguments.threads} threads", runs)
    if theirs is None:
        print("torch and transkun are not installed: nothing to compare with.")
        return
    slow_clock, slow_cpu = speed(f"torch, {arguments.threads} threads", reference_runs)
    print(f"torch / onnxruntime: {slow_clock / clock:.2f} by the clock, {slow_cpu / cpu:.2f} CPU")


if __name__ == "__main__":
    main()
