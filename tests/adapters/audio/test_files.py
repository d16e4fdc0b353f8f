"""What decoded sound costs: mapped from its file, it takes memory only while it is looked at."""

from __future__ import annotations

import sys
import wave
from pathlib import Path

import numpy as np
import pytest

from crescendai.adapters.audio.files import decode, let_go

RATE, SECONDS = 44_100, 120


def mapped_mb() -> float:
    status = Path("/proc/self/status").read_text()
    (line,) = (line for line in status.splitlines() if line.startswith("RssFile:"))
    return int(line.split()[1]) / 1e3


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
async def test_samples_let_go_of_take_no_memory_and_are_read_again(tmp_path: Path) -> None:
    sound = np.random.default_rng(0).integers(-9999, 9999, SECONDS * RATE).astype("<i2")
    with wave.open(str(tmp_path / "sound.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(sound.tobytes())
    samples = await decode(tmp_path / "sound.wav", tmp_path / "samples.f32")
    whole_mb = samples.nbytes / 1e6

    before_mb, loudest = mapped_mb(), float(np.abs(samples).max())
    looked_at_mb = mapped_mb() - before_mb
    let_go(samples)

    assert whole_mb > 20
    assert looked_at_mb > 0.9 * whole_mb
    assert mapped_mb() - before_mb < 0.1 * whole_mb
    assert float(np.abs(samples).max()) == loudest > 0.2


def test_samples_that_are_not_mapped_are_left_alone() -> None:
    samples = np.ones(9, np.float32)
    let_go(samples)
    assert samples.sum() == 9
