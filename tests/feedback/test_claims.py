from __future__ import annotations

import pytest

from crescendai.feedback.claims import are_true
from tests.feedback.material import analysis

TRUE = [
    "Pedal clarity is at 0.71.",
    "Pedal clarity: 0.71, clearly blurred (80 % interval 0.57 to 0.84).",
    "The tempo is 72 bpm and the chords are 23.7 ms apart.",
    "The pedal is down for 78 % of the time.",
    "Timing is at 0.31 between 0 and 1.",
    "Listen to 0:06 to 0:09.",
    "It lasts 22.4 seconds and has 214 notes.",
    "The book says “play 12 bars at 60” and so do I.",
    "Nothing is counted here.",
]
FALSE = [
    "Pedal clarity is at 0.17.",
    "Pedal clarity is at 0.31.",
    "Your timing score of 0.71 is high.",
    "The tempo is 96 bpm.",
    "The chords are 72 ms apart.",
    "The pedal is down for 90 % of the time.",
    "Listen to 0:36 again.",
    "You played 500 notes.",
    "timing_stable_unstable is 0.9",
    "It fell by 0.13.",
]


@pytest.mark.parametrize("text", TRUE)
def test_what_the_analysis_bears_out(text: str) -> None:
    one = analysis()
    assert are_true(text, one, (), 0, one.duration)


@pytest.mark.parametrize("text", FALSE)
def test_what_it_does_not(text: str) -> None:
    one = analysis()
    assert not are_true(text, one, (), 0, one.duration)


def test_a_number_in_a_window_is_that_windows() -> None:
    one = analysis()
    assert are_true("It reaches 0.84.", one, ("pedal_clean_blurred",), 6, 9)
    assert not are_true("It reaches 0.53.", one, ("pedal_clean_blurred",), 6, 9)
    text = "Timing is at 0.53 here."
    assert are_true(text, one, ("timing_stable_unstable",), 9, 12)
    assert not are_true(text, one, ("timing_stable_unstable",), 0, 3)
