"""Transcription: agreement with the reference implementation, and speed of both.

    PERCEPIANO=folder PYTHONPATH=src python -m bench.transcription [--only agreement|speed]

**Agreement.** 60 performances of PercePiano, rendered through two soundfonts each, and the real
recordings in ``$CRESCENDAI_SHARED/audio`` (default ``../shared`` beside the repository) are
transcribed by us and by the reference (bench/reference.py). Both are compared with the MIDI
that was rendered, and with each other; ours may differ from the reference by half a point of F1.
Rendering needs fluidsynth and the soundfonts that tools/install_system_packages.sh brings.
All is kept under ``--cache``: the reference needs some 30 minutes of one core, once; ours is heard
anew whenever its weights or code change (7 minutes).

**Speed.** Both transcribe excerpts of the real recordings with the same number of threads, taking
turns. Real-time factor (RTF) is seconds of work per second of sound: by the clock, and by CPU
time, which other load on the machine disturbs less. About 3 minutes.
"""

from __future__ import annotations

import argparse
import hashlib
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import astuple
from pathlib import Path
from statistics import median

import numpy as np

from bench.agreement import NAMES, Scores, compare, mean, velocity_differences
from bench.reference import Reference, Timed, reference_python
from bench.transcription_clips import Sound, recordings, renders
from crescendai.adapters.models import network, transkun, transkun_segments
from crescendai.adapters.models.transkun import WEIGHTS_DIR, TranskunTranscriber
from crescendai.music import mel, semicrf, stitching
from crescendai.music.mel import SAMPLE_RATE
from crescendai.music.notes import Performance
from tools.render_and_transcribe import Transcriber, load_notes, save_notes, transcribe_packed

PACK = 10  # clips transcribed as one recording
GAP_SEC = 1.0
LIMIT = 0.5  # points of F1 that ours may differ from the reference
REAL_SEC = 15.0


def kept(name: str, sounds: list[Sound], folder: Path, engine: Callable[[], Transcriber]) -> None:
    """Transcribe what ``folder`` lacks, in the same packs for both: where a pack's segments begin
    moves velocities and pedal more than the engines differ."""
    folder.mkdir(parents=True, exist_ok=True)
    packs = [sounds[first : first + PACK] for first in range(0, len(sounds), PACK)]
    missing = [pack for pack in packs if not all(_path(folder, sound).exists() for sound in pack)]
    transcribe = engine() if missing else None
    for done, pack in enumerate(missing, 1):
        assert transcribe is not None
        started = time.monotonic()
        heard = transcribe_packed(transcribe, [sound.samples for sound in pack], GAP_SEC)
        for sound, performance in zip(pack, heard, strict=True):
            save_notes(performance, _path(folder, sound))
        print(f"{name}: {done}/{len(missing)} ({time.monotonic() - started:.0f} s)", flush=True)


def _path(folder: Path, sound: Sound) -> Path:
    digest = hashlib.sha256(sound.samples.tobytes()).hexdigest()[:12]
    return folder / f"{sound.name}-{digest}.npz"


def engine_digest(weights: Path, narrow: bool) -> str:
    """Changes whenever our weights or the code that runs them does."""
    digest = hashlib.sha256((weights / "SHA256SUMS").read_bytes())
    for module in (network, transkun, transkun_segments, mel, semicrf, stitching):
        digest.update(Path(str(module.__file__)).read_bytes())
    digest.update(bytes([narrow and network.has_amx()]))
    return digest.hexdigest()[:12]


def our_engine(arguments: argparse.Namespace) -> TranskunTranscriber:
    narrow = not arguments.plain
    print(f"ours: {'bfloat16 on AMX' if narrow and network.has_amx() else 'float32'}", flush=True)
    return TranskunTranscriber(arguments.weights, arguments.threads, narrow)


def agreement(arguments: argparse.Namespace) -> bool:
    """Print the tables; True if every figure is within the limit."""
    cache: Path = arguments.cache
    rendered = list(renders(arguments.performances, arguments.seconds, cache))
    real = recordings(REAL_SEC)
    ours = cache / f"ours-{engine_digest(arguments.weights, not arguments.plain)}"
    theirs = cache / "reference"
    with ExitStack() as stack:

        def reference() -> Transcriber:
            python = arguments.reference_python or reference_python(cache)
            return stack.enter_context(Reference(python, arguments.threads)).transcribe

        def our_own() -> Transcriber:
            return our_engine(arguments).transcribe

        kept("reference", [*rendered, *real], theirs, reference)
        kept("ours", [*rendered, *real], ours, our_own)

    def pairs(sounds: list[Sound]) -> list[tuple[Performance, Performance]]:
        return [(load_notes(_path(theirs, s)), load_notes(_path(ours, s))) for s in sounds]

    with_truth = [(s.truth, *pair) for s, pair in zip(rendered, pairs(rendered), strict=True)]
    reference_scores = [compare(truth, their) for truth, their, _ in with_truth if truth]
    our_scores = [compare(truth, our) for truth, _, our in with_truth if truth]
    print(
        f"\n{len(rendered)} renders: {arguments.performances} performances, "
        f"{len(rendered) // arguments.performances} soundfonts, {arguments.seconds:g} s each; "
        f"{len(real)} real recordings, {REAL_SEC:g} s each\n"
    )
    print("| | " + " | ".join(NAMES) + " |\n" + "|---" * (len(NAMES) + 1) + "|")
    against_truth = [mean(reference_scores), mean(our_scores)]
    gap = np.array(astuple(against_truth[1])) - np.array(astuple(against_truth[0]))
    _row("reference against the MIDI", against_truth[0])
    _row("ours against the MIDI", against_truth[1])
    _row("difference, points", Scores(*gap.tolist()), sign="+")
    spread = np.array([astuple(score) for score in our_scores]) - np.array(
        [astuple(score) for score in reference_scores]
    )
    _row("the worst clip's difference", Scores(*np.nanmin(spread, axis=0).tolist()), sign="+")
    between = {
        "renders": mean([compare(*pair) for pair in pairs(rendered)]),
        "real recordings": mean([compare(*pair) for pair in pairs(real)]),
    }
    for what, scores in between.items():
        _row(f"ours against the reference, {what}", scores)
    apart = np.concatenate([velocity_differences(*p) for p in pairs([*rendered, *real])])
    print(
        f"\nVelocities of {len(apart)} matched notes: equal for {100 * np.mean(apart == 0):.1f} %,"
        f" mean difference {apart.mean():+.2f}, 95 % within {np.quantile(np.abs(apart), 0.95):.0f}"
    )
    within = bool(np.all(np.abs(gap) <= LIMIT))
    print(f"Every difference from the reference within {LIMIT} points: {'yes' if within else 'NO'}")
    return within


def _row(name: str, scores: Scores, sign: str = "") -> None:
    print(f"| {name} | " + " | ".join(f"{value:{sign}.2f}" for value in astuple(scores)) + " |")


def speed(arguments: argparse.Namespace) -> None:
    """Print what a second of sound costs both, on the same excerpts, taking turns."""
    engine = our_engine(arguments)
    sounds = recordings(arguments.speed_seconds)
    python = arguments.reference_python or reference_python(arguments.cache)
    rows: list[tuple[Timed, Timed]] = []
    with Reference(python, arguments.threads) as theirs:
        for sound in sounds:
            rows.append((_timed(engine, sound), theirs.timed(sound.samples)))
            clock = rows[-1][1].clock_sec / rows[-1][0].clock_sec
            print(f"{sound.name}: reference / ours {clock:.2f} by the clock", flush=True)
    length_sec = sum(len(sound.samples) for sound in sounds) / SAMPLE_RATE
    print("\n| | RTF by the clock | RTF, CPU |\n|---|---|---|")
    for name, side in (("ours", 0), ("reference", 1)):
        clock = sum(row[side].clock_sec for row in rows) / length_sec
        cpu = sum(row[side].cpu_sec for row in rows) / length_sec
        print(f"| {name}, {arguments.threads} threads | {clock:.3f} | {cpu:.3f} |")
    ratios = [
        median(their.clock_sec / our.clock_sec for our, their in rows),
        median(their.cpu_sec / our.cpu_sec for our, their in rows),
    ]
    print(f"| reference / ours, median | **{ratios[0]:.2f}** | {ratios[1]:.2f} |")


def _timed(engine: TranskunTranscriber, sound: Sound) -> Timed:
    clock, cpu = time.perf_counter(), time.process_time()
    performance = engine.transcribe(sound.samples, SAMPLE_RATE)
    return Timed(performance, time.perf_counter() - clock, time.process_time() - cpu)


def main() -> None:
    parser = argparse.ArgumentParser(description="agreement and speed of the transcriber")
    parser.add_argument("--only", choices=("agreement", "speed"))
    parser.add_argument("--performances", type=int, default=60, help="rendered through each font")
    parser.add_argument("--seconds", type=float, default=6, help="length of each render")
    parser.add_argument("--speed-seconds", type=float, default=30, help="length for the speed")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--weights", type=Path, default=WEIGHTS_DIR, help="exported weights")
    parser.add_argument("--plain", action="store_true", help="as on a processor without AMX")
    parser.add_argument("--cache", type=Path, default=Path(".bench"), help="renders and results")
    parser.add_argument("--reference-python", type=Path, help="one that has torch and transkun")
    arguments = parser.parse_args()
    if arguments.only != "agreement":
        speed(arguments)
    if arguments.only != "speed" and not agreement(arguments):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
