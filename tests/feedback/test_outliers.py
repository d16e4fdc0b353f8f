from __future__ import annotations

import pytest

from crescendai.evidence.ground import Focus, Ground
from crescendai.evidence.repair import Account, verify_text
from crescendai.feedback.findings import findings, moments
from crescendai.feedback.outliers import outliers, settled
from crescendai.feedback.selection import select
from crescendai.feedback.wording import insight, practice_focus
from crescendai.recordings.schemas import Analysis, Measurement
from tests.feedback.material import analysis


def even_playing(**odd: dict[int, float]) -> Analysis:
    """Every window is rated alike; ``odd`` are measurements that differ, by window."""
    one = analysis()
    usual = {"tempo_bpm": 72.4, "velocity_mean": 61.0, "key_overlap_ratio": 0.18}
    segments = [
        segment.model_copy(
            update={
                "scores": dict(one.scores),
                "measurements": {
                    name: odd.get(name, {}).get(number, value * (1 + 0.01 * (number % 3)))
                    for name, value in usual.items()
                },
            }
        )
        for number, segment in enumerate(one.temporal_segments)
    ]
    mean = Measurement(value=61.0, unit="MIDI velocity", note_count=214)
    return one.model_copy(
        update={
            "temporal_segments": segments,
            "measurements": one.measurements | {"velocity_mean": mean},
        }
    )


def test_even_playing_has_no_outlier() -> None:
    assert outliers(even_playing()) == ()
    assert outliers(analysis()) == ()


def test_the_window_that_measures_unlike_the_whole_is_found() -> None:
    first, second = outliers(even_playing(tempo_bpm={4: 54.0}, velocity_mean={2: 74.0}))
    assert (first.timestamp, first.key) == ("0:12-0:15", "timing_stable_unstable")
    assert first.said == (
        "the tempo is 54 beats a minute here, against 72 beats a minute over the whole recording"
    )
    assert (second.timestamp, second.said) == (
        "0:06-0:09",
        "the mean velocity is 74 here, against 61 over the whole recording",
    )


def test_where_every_window_differs_none_stands_out() -> None:
    swaying = {n: 72.4 + (-1) ** n * 12 for n in range(8)}
    assert outliers(even_playing(tempo_bpm=swaying)) == ()


def test_too_few_notes_say_nothing() -> None:
    one = even_playing(tempo_bpm={4: 54.0})
    one.temporal_segments[4].note_count = 7
    assert outliers(one) == ()


def test_the_settled_window_is_near_the_whole_in_everything() -> None:
    told = settled(even_playing(tempo_bpm={n: 80.0 for n in range(8) if n != 5}))
    assert {one.timestamp for one in told} == {"0:15-0:18"}
    assert len(told) == 3
    assert settled(analysis()) == ()


def test_feedback_on_even_playing_begins_with_what_was_measured() -> None:
    one = even_playing(tempo_bpm={4: 54.0}, velocity_mean={2: 74.0}, key_overlap_ratio={6: 0.5})
    chosen = select(findings(one), moments(one), one.duration, outliers(one)).moments
    told = [insight(moment) for moment in chosen]
    assert [moment.timestamp for moment in chosen] == ["0:06-0:09", "0:12-0:15", "0:18-0:21"]
    assert all(text.startswith("Measured rather than rated: ") for text in told)
    assert len(set(told)) == 3
    for moment in chosen:
        focus = Focus((moment.key,), (moment.start, moment.end))
        for text in (insight(moment), practice_focus(moment, None)):
            account = Account()
            assert verify_text(text, Ground((one,)), account, focus) == text
            assert not account.dropped


@pytest.mark.parametrize("false", ["66 beats a minute here", "54 beats a minute over the whole"])
def test_a_windows_measurement_is_not_taken_for_anothers_or_the_wholes(false: str) -> None:
    one = even_playing(tempo_bpm={4: 54.0})
    focus = Focus((), (12.0, 15.0))
    account = Account()
    assert verify_text("The tempo is 54 beats a minute here.", Ground((one,)), account, focus)
    assert account.supported == account.claims == 1
    account = Account()
    verify_text(f"The tempo is {false}.", Ground((one,)), account, focus)
    assert account.supported == 0
