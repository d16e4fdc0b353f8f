"""Peak memory of one analysis of a long recording, decoding included.

    PYTHONPATH=src python -m bench.transcription_memory [--minutes 30] [--sounding 30]

Writes a WAV of plucked chords, of which the first ``--sounding`` minutes sound and the rest is
digital silence (which the network is spared), and analyses it in a process as the worker does. The
highest resident memory of that process, and of its largest child (the decoder), is compared with
1.2 GB; progress must never go back. Thirty sounding minutes take some 10 minutes of one core.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import resource
import tempfile
import wave
from pathlib import Path

import numpy as np

from crescendai.adapters.models.local_analyzer import LocalAnalyzer

LIMIT_GB = 1.2
SAMPLE_RATE = 44_100
PITCHES = (48, 52, 55, 60, 64, 67, 72, 76)


def write_wav(path: Path, minutes: float, sounding: float) -> None:
    """Chords of decaying tones, a minute at a time."""
    rng, time = np.random.default_rng(0), np.arange(2 * SAMPLE_RATE) / SAMPLE_RATE
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        for minute in range(round(minutes)):
            sound = np.zeros(62 * SAMPLE_RATE)
            for at in np.arange(0.0, 60.0, 0.25) if minute < sounding else ():
                base = 440 * 2 ** ((int(rng.choice(PITCHES)) - 69) / 12)
                first = int(at * SAMPLE_RATE)
                for k in range(1, 8):
                    partial = np.sin(2 * np.pi * base * k * np.sqrt(1 + 3e-4 * k * k) * time)
                    tone = 0.1 * partial * np.exp(-(1 + k) * time) / k
                    sound[first : first + len(time)] += tone
            ready = np.clip(sound[: 60 * SAMPLE_RATE], -1, 1) * 32767
            file.writeframes(ready.astype("<i2").tobytes())


def analyse(path: Path, threads: int) -> None:
    """Print the peak memory of this process and of its largest child."""
    shares: list[float] = []

    def progress(stage: str, share: float) -> None:
        if stage == "transcribing":
            shares.append(share)

    with tempfile.TemporaryDirectory() as folder:
        analyzer = LocalAnalyzer(threads=threads, scratch=Path(folder))
        heard = asyncio.run(analyzer.analyze(path, progress))
    own, child = (
        resource.getrusage(who).ru_maxrss / 1e6
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    steady = shares == sorted(shares) and shares[-1] == 1.0
    print(
        f"| {heard.duration / 60:.0f} min, {len(heard.notes)} notes | {own:.2f} GB | {child:.2f} GB"
        f" | {LIMIT_GB} GB | {own / LIMIT_GB:.2f} | {len(shares)} {'rising' if steady else 'NOT'} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="peak memory of an analysis")
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--sounding", type=float, default=30)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    print(
        "| recording | analysis | decoder | limit | share | progress |\n|---|---|---|---|---|---|"
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "long.wav"
        write_wav(path, arguments.minutes, arguments.sounding)
        process = multiprocessing.get_context("spawn").Process(
            target=analyse, args=(path, arguments.threads)
        )
        process.start()
        process.join()
        raise SystemExit(process.exitcode)


if __name__ == "__main__":
    main()
