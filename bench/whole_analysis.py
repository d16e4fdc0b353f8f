"""How long a recording of a minute and a half takes from the file to its analysis.

    PYTHONPATH=src python -m bench.whole_analysis [--seconds 90] [--rounds 2]

Real recordings (``$CRESCENDAI_SHARED/audio``, default ``../shared``) one after the other, as a WAV,
go through the analyser as in the worker: decoding, judging, transcribing, measuring, rating, with
one thread and with two, taking turns, each in a new process. One thread's networks leave a second
core to the spectra, so its CPU time is what one core would need. What four would need follows
from the two times, in two ways: by Amdahl's law, ``t(n) = serial + parallel / n``, and from whole
segments, ``t(n) = rest + ceil(segments / n) * each``. Both hold for free cores only.
Then five analyses are cancelled while they transcribe, and the time until their thread has ended is
told. About 3 minutes on a quiet machine.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import multiprocessing
import tempfile
import time
import wave
from pathlib import Path
from statistics import median

import numpy as np

from bench.transcription_clips import recordings
from crescendai.adapters.models.local_analyzer import LocalAnalyzer
from crescendai.adapters.models.transkun_segments import begins
from crescendai.music.mel import SAMPLE_RATE

LIMIT_SEC, CORES = 10.0, 4
CANCEL_LIMIT_SEC, CANCELS = 1.0, 5


def write_recording(path: Path, seconds: float) -> None:
    """A WAV of this length from the real recordings."""
    sounds = [sound.samples for sound in recordings(seconds / 4 + 1)]
    samples = np.concatenate(sounds)[: int(seconds * SAMPLE_RATE)]
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())


def timed(analyzer: LocalAnalyzer, path: Path) -> tuple[float, float]:
    """Seconds by the clock, and of CPU time in this process."""
    clock, cpu = time.perf_counter(), time.process_time()
    asyncio.run(analyzer.analyze(path, lambda stage, share: None))
    return time.perf_counter() - clock, time.process_time() - cpu


def with_threads(threads: int, folder: Path) -> tuple[float, float]:
    """The same with so many threads, once the models are loaded."""
    analyzer = LocalAnalyzer(threads=threads, scratch=folder)
    timed(analyzer, folder / "short.wav")
    return timed(analyzer, folder / "recording.wav")


def cancelled(analyzer: LocalAnalyzer, path: Path, after_sec: float) -> float:
    """Seconds from cancelling a transcription, so long after it began, to its thread's end."""

    async def run() -> float:
        began = asyncio.Event()
        loop = asyncio.get_running_loop()

        def progress(stage: str, share: float) -> None:
            if stage == "transcribing":
                loop.call_soon_threadsafe(began.set)

        task = asyncio.create_task(analyzer.analyze(path, progress))
        await began.wait()
        await asyncio.sleep(after_sec)
        asked = time.perf_counter()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await loop.shutdown_default_executor()
        if not task.cancelled():
            raise SystemExit("an analysis ended before it could be cancelled: give more --seconds")
        return time.perf_counter() - asked

    return asyncio.run(run())


def main() -> None:
    parser = argparse.ArgumentParser(description="a whole analysis, and what four cores would need")
    parser.add_argument("--seconds", type=float, default=90)
    parser.add_argument("--rounds", type=int, default=2)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        short, path = Path(folder, "short.wav"), Path(folder, "recording.wav")
        write_recording(short, 8.0)
        write_recording(path, arguments.seconds)
        rows = []
        for _ in range(arguments.rounds):
            with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as processes:
                rows.append([processes.apply(with_threads, (n, Path(folder))) for n in (1, 2)])
        analyzer = LocalAnalyzer(threads=2, scratch=Path(folder))
        timed(analyzer, short)  # loads the models
        stops = [cancelled(analyzer, path, 0.3 + 0.7 * n) for n in range(CANCELS)]
    print("| threads | by the clock | CPU |\n|---|---|---|")
    for n in (1, 2):
        clocks, processors = zip(*(row[n - 1] for row in rows), strict=True)
        print(f"| {n} | {median(clocks):.1f} s | {median(processors):.1f} s |")
    one, two = median(row[0][1] for row in rows), median(row[1][0] for row in rows)
    parallel = 2 * (one - two)
    serial = one - parallel
    print(
        f"\n{arguments.seconds:g} s of music: {serial:.1f} s serial + {parallel:.1f} s / cores, so "
        f"on {CORES} free cores {serial + parallel / CORES:.1f} s (limit {LIMIT_SEC:g} s)"
    )
    size = int(arguments.seconds * SAMPLE_RATE)
    segments = sum(begin < size for begin in begins(size))  # that are not silent
    each = (one - two) / (segments - math.ceil(segments / 2))
    rest = one - segments * each
    print(
        f"{segments} segments of {each:.2f} s and {rest:.1f} s around them, so "
        f"{rest + math.ceil(segments / CORES) * each:.1f} s"
    )
    print(
        f"Cancelled: stopped after {median(stops):.2f} s (median), {max(stops):.2f} s at worst "
        f"(limit {CANCEL_LIMIT_SEC:g} s)"
    )


if __name__ == "__main__":
    main()
