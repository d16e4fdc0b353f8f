from __future__ import annotations

from crescendai.evidence.scales import SCALES
from crescendai.feedback.findings import findings, moments
from crescendai.feedback.selection import select
from crescendai.music.dimensions import ALL_KEYS
from tests.feedback.material import BLURRED, UNSTEADY, analysis


def test_every_scale_has_its_words() -> None:
    assert tuple(SCALES) == ALL_KEYS


def test_what_stands_out_is_far_from_the_middle_for_its_interval() -> None:
    one = analysis()
    first, second, *_ = findings(one)
    assert (first.key, first.pole, first.certainty) == ("pedal_clean_blurred", "blurred", "clear")
    assert first.welcome is False
    assert (second.key, second.certainty, second.welcome) == (
        "timing_stable_unstable",
        "clear",
        True,
    )
    unsure = one.model_copy(
        update={"intervals": one.intervals | {"pedal_clean_blurred": (0.1, 1.0)}}
    )
    doubtful = next(f for f in findings(unsure) if f.key == "pedal_clean_blurred")
    assert doubtful.certainty == "lean"
    assert doubtful.strength < first.strength


def test_a_moment_is_measured_against_the_recordings_own_level() -> None:
    first, *_ = moments(analysis())
    assert (first.key, first.timestamp) == ("timing_stable_unstable", "0:09-0:12")
    assert (first.value, first.usual, first.pole) == (0.53, 0.31, "unstable")
    only = moments(analysis(), ("pedal_clean_blurred",))
    assert {moment.key for moment in only} == {"pedal_clean_blurred"}


def test_windows_with_few_notes_are_not_judged() -> None:
    one = analysis()
    for segment in one.temporal_segments:
        segment.note_count = 3
    assert moments(one) == ()


def test_different_analyses_give_different_priorities() -> None:
    chosen = [
        select(findings(one), moments(one), one.duration)
        for one in (analysis(BLURRED), analysis(UNSTEADY))
    ]
    assert chosen[0].priorities[0].key == "pedal_clean_blurred"
    assert [f.key for f in chosen[1].priorities[:2]] == [
        "timing_stable_unstable",
        "dynamic_sophisticated_raw",
    ]
    assert "timing_stable_unstable" in [f.key for f in chosen[0].strengths]
    for selection in chosen:
        assert 3 <= len(selection.priorities) <= 5
        assert 2 <= len(selection.long_term) <= 3
        taken = {f.key for f in selection.priorities}
        assert not taken & {f.key for f in selection.long_term}


def test_moments_are_three_to_five_and_inside_however_short_it_is() -> None:
    for duration in (1.2, 3.0, 5.0, 7.5, 22.4, 600.0):
        one = analysis(duration=duration)
        chosen = select(findings(one), moments(one), duration).moments
        assert 3 <= len(chosen) <= 5
        assert all(0 <= m.start < m.end <= duration for m in chosen)
        stretches = [(m.start, m.key) for m in chosen]
        assert len(set(stretches)) == len(stretches)
