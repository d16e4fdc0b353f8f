"""How held tones fade, on tones made for it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from crescendai.music.notes import Performance, note_array, pedal_array
from crescendai.music.partials import overtones_db
from crescendai.music.quality import assess, reconsider, refusal
from crescendai.music.sustain import held_fade_db_per_sec

RATE = 22_050
NOTES = note_array([(0.2 + 0.9 * i, 1.0 + 0.9 * i, 50 + 3 * i, 64) for i in range(9)])


def tones(fade_db_per_sec: float, second: float = 0.4) -> npt.NDArray[np.float32]:
    """Every note of two partials whose level changes at this rate after 20 ms of attack."""
    sound = np.zeros(10 * RATE)
    for note in NOTES:
        t = np.arange(int((note["offset_sec"] - note["onset_sec"]) * RATE)) / RATE
        hz = 440.0 * 2.0 ** ((int(note["pitch"]) - 69) / 12)
        tone = np.sin(2 * np.pi * hz * t) + second * np.sin(4 * np.pi * hz * t)
        level = 10 ** (fade_db_per_sec * t / 20) * np.minimum(t / 0.02, 1.0)
        start = int(float(note["onset_sec"]) * RATE)
        sound[start : start + len(t)] += 0.2 * tone * level
    return sound.astype(np.float32)


@pytest.mark.parametrize("fade", [-20.0, -6.0, 0.0, 4.0])
def test_the_rate_of_fading_is_found(fade: float) -> None:
    assert held_fade_db_per_sec(tones(fade), RATE, NOTES) == pytest.approx(fade, abs=0.3)


def test_short_or_few_notes_tell_nothing() -> None:
    short = NOTES.copy()
    short["offset_sec"] = short["onset_sec"] + 0.3
    assert held_fade_db_per_sec(tones(-6.0), RATE, short) is None
    assert held_fade_db_per_sec(tones(-6.0), RATE, NOTES[:4]) is None
    assert held_fade_db_per_sec(np.zeros(RATE // 2, np.float32), RATE, NOTES) is None


def test_what_does_not_fade_while_it_is_held_is_no_piano() -> None:
    performance = Performance(NOTES, pedal_array([]), 10.0)
    codes = []
    for fade in (-8.0, -1.0):
        sound = tones(-8.0)  # the same sound: only how its notes fade is told apart
        quality = reconsider(assess(sound, RATE), performance, fade)
        refused = refusal(quality, performance, 10.0)
        codes.append(refused.code if refused else None)
    assert codes == [None, "not_piano"]


@pytest.mark.parametrize("second", [0.4, 0.1, 0.01])
def test_the_strength_of_overtones_is_found(second: float) -> None:
    found = overtones_db(tones(-8.0, second), RATE, NOTES)
    assert found == pytest.approx(20 * np.log10(second), abs=1.0)


def test_few_or_high_notes_tell_no_overtones() -> None:
    high = NOTES.copy()
    high["pitch"] += 40
    assert overtones_db(tones(-8.0), RATE, NOTES[:4]) is None
    assert overtones_db(tones(-8.0), RATE, high) is None


def test_what_has_no_overtones_is_no_piano() -> None:
    performance = Performance(NOTES, pedal_array([]), 10.0)
    sound = tones(-8.0)
    string, bar = (reconsider(assess(sound, RATE), performance, -8.0, db) for db in (-15.0, -30.0))
    assert refusal(string, performance, 10.0) is None
    refused = refusal(bar, performance, 10.0)
    assert refused is not None
    assert refused.code == "not_piano"
    assert "overtones" in refused.reason
