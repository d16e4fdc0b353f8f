"""The reference transcriber, Transkun 2.0.1 on torch, in an environment of its own.

torch is no dependency of the server, so it lives in a virtual environment that
``reference_python`` makes once: about 900 MB with the CPU build of torch, more with the build that
PyPI gives by default.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from crescendai.music.notes import Performance, note_array, pedal_array

Floats = npt.NDArray[np.float32]

REPOSITORY = Path(__file__).resolve().parents[1]
SAMPLE_RATE = 44_100


class Timed(NamedTuple):
    """A transcription and what it cost."""

    performance: Performance
    clock_sec: float
    cpu_sec: float


def reference_python(cache: Path) -> Path:
    """The interpreter of the reference's environment under ``cache``, which is made if missing."""
    folder = cache / "reference-env"
    python = folder / "bin" / "python"
    if (folder / "ready").exists():
        return python
    print(f"installing torch and transkun in {folder} (once) …", flush=True)
    install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    for command in (
        [sys.executable, "-m", "venv", str(folder)],
        [*install, "torch==2.13.0", "numpy"],
        [*install, "--no-deps", "transkun==2.0.1"],
    ):
        subprocess.run(command, check=True)
    (folder / "ready").touch()
    return python


class Reference:
    """The torch model in a process of its own; a context manager."""

    def __init__(self, python: Path, threads: int) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self._process = subprocess.Popen(
            [str(python), "-m", "bench.reference_worker", str(threads)],
            cwd=REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._answer()

    def __enter__(self) -> Reference:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.wait()
        self._folder.cleanup()

    def timed(self, samples: Floats) -> Timed:
        """Transcribe mono samples at 44,100 Hz; loading and writing files is not timed."""
        sound, out = (Path(self._folder.name) / name for name in ("samples.npy", "events.npz"))
        np.save(sound, samples)
        order = json.dumps({"samples": str(sound), "out": str(out)})
        print(order, file=self._process.stdin, flush=True)
        spent = self._answer()
        with np.load(out, allow_pickle=False) as events:
            notes = [(a, b, int(p), int(v)) for a, b, p, v in events["notes"].tolist()]
            pedal = [(a, b) for a, b in events["pedal"].tolist()]
        heard = Performance(note_array(notes), pedal_array(pedal), len(samples) / SAMPLE_RATE)
        return Timed(heard, spent["clock_sec"], spent["cpu_sec"])

    def transcribe(self, samples: Floats, sample_rate: int) -> Performance:
        return self.timed(samples).performance

    def _answer(self) -> Any:
        line = self._process.stdout.readline() if self._process.stdout is not None else ""
        if not line:
            raise SystemExit("the reference transcriber ended: see its message above")
        return json.loads(line)
