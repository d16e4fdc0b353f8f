from __future__ import annotations

import pytest

from crescendai.evidence.scales import scale
from crescendai.feedback.findings import Moment
from crescendai.feedback.wording import insight, practice_focus


def moment(value: float, usual: float) -> Moment:
    return Moment(
        start=3.0,
        end=6.0,
        timestamp="0:03-0:06",
        key="timbre_bright_dark",
        value=value,
        usual=usual,
        side="right" if value > usual else "left",
        strength=0.5,
        welcome=None,
    )


@pytest.mark.parametrize(("value", "usual"), [(0.47, 0.45), (0.44, 0.48)])
def test_a_difference_within_noise_is_not_called_a_contrast(value: float, usual: float) -> None:
    sentence = insight(moment(value, usual))
    assert "may be chance" in sentence
    assert "than elsewhere" not in sentence
    assert f"{value:.2f} against {usual:.2f}" in sentence


def test_nothing_is_made_of_a_difference_within_noise() -> None:
    focus = practice_focus(moment(0.47, 0.45), None)
    assert "If you hear no difference" in focus
    assert "whether the music changes" not in focus


def test_an_exercise_against_the_opposite_fault_does_not_suit() -> None:
    pace, attack = scale("music_making_fast_slow"), scale("articulation_soft_hard")
    hurrying = "This exercise cures hurrying through rests and held notes."
    assert not pace.suits("right", hurrying)
    assert pace.suits("left", hurrying)
    assert attack.suits("left", "This exercise produces solid chords without banging.")


def test_a_plain_difference_is_said_plainly() -> None:
    assert insight(moment(0.60, 0.45)).startswith("Nearer to dark than elsewhere")
