from __future__ import annotations

import pytest

from bench.evidence import CAUGHT, REJECTED, falsehoods, truths
from crescendai.evidence.check import check_sentence
from crescendai.evidence.ground import Focus, Ground
from crescendai.evidence.repair import Account, sentences, verify_text
from tests.feedback.material import LIBRARY, analysis

TRUE = [
    "Pedal clarity is at 0.71.",
    "Pedal clarity: 0.71, clearly blurred (80 % interval 0.57 to 0.84).",
    "The tempo is 72 bpm and the chords are 23.7 ms apart.",
    "The pedal is down for 78 % of the time.",
    "A tempo of 72 beats a minute, with chords 23.7 ms apart and 78 % pedal-down time.",
    "Timing is at 0.31 between 0 and 1.",
    "Listen to 0:06 to 0:09.",
    "It lasts 22.4 seconds and has 214 notes.",
    "The book says “Set the metronome to 40 and play twice” and so do I.",
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
    "Your pedalling is clean.",
    "The timing is clearly unstable.",
    "The book says “play 12 bars at 60 with a stiff wrist”.",
    "You hit a wrong note in bar 12.",
    "From 0:06 to 0:09 the pedal is nearer to clean than elsewhere.",
    "There is less pedal here than in the rest.",
]


@pytest.mark.parametrize("text", TRUE)
def test_what_the_analysis_bears_out(text: str) -> None:
    verdict = check_sentence(text, Ground((analysis(),), passages=LIBRARY))
    assert verdict.holds, verdict.problems


@pytest.mark.parametrize("text", FALSE)
def test_what_it_does_not(text: str) -> None:
    assert not check_sentence(text, Ground((analysis(),), passages=LIBRARY)).holds


def test_a_number_in_a_window_is_that_windows() -> None:
    ground = Ground((analysis(),))
    pedal, timing = ("pedal_clean_blurred",), ("timing_stable_unstable",)
    assert check_sentence("It reaches 0.84.", ground, Focus(pedal, (6, 9))).holds
    assert not check_sentence("It reaches 0.53.", ground, Focus(pedal, (6, 9))).holds
    text = "Timing is at 0.53 here."
    assert check_sentence(text, ground, Focus(timing, (9, 12))).holds
    assert not check_sentence(text, ground, Focus(timing, (0, 3))).holds


def test_what_a_claim_rests_on_is_told() -> None:
    [score] = check_sentence("Pedal clarity is at 0.71.", Ground((analysis(),))).support
    assert (score.dimension, score.value, score.segment) == ("pedal_clean_blurred", 0.71, None)
    quote = "the pedal exactly as each note sounds"
    [passage] = check_sentence(f"Lift “{quote}”.", Ground(passages=LIBRARY)).support
    assert passage.document == LIBRARY[1].document_id
    assert passage.span is not None
    assert LIBRARY[1].text[int(passage.span.start) : int(passage.span.end)] == quote


def test_without_an_analysis_nothing_is_claimed_of_the_playing() -> None:
    assert not check_sentence("Your pedalling is blurred.", Ground()).holds
    assert not check_sentence("Your timing is at 0.31.", Ground()).holds
    assert check_sentence("Shall we look at the pedal?", Ground()).holds


@pytest.mark.parametrize(
    ("said", "mended"),
    [
        ("Pedal clarity is at 0.17.", "Pedal clarity is at 0.71."),
        ("Pedal clarity is at 0.7.", "Pedal clarity is at 0.71."),
        ("Note length is clearly long.", "Note length is leaning to long."),
        ("Your pedalling is clean.", ""),
        ("Listen to 0:36 again.", ""),
        ("Wait: “the tone gets veiled” [7].", ""),
    ],
)
def test_a_failing_sentence_is_repaired_once_or_dropped(said: str, mended: str) -> None:
    account = Account()
    assert verify_text(said, Ground((analysis(),)), account) == mended
    told = account.verification()
    assert (told.repaired > 0) == (mended != "")
    assert (told.dropped == 1) == (mended == "")
    assert told.supported_ratio < 1


def test_a_misquotation_is_put_right_from_its_passage() -> None:
    said = (
        "“Blurred pedalling comes from lifting the foot too early, after the new harmony has "
        "already sounded.” [1]"
    )
    account = Account()
    mended = verify_text(said, Ground(cited={"1": LIBRARY[0]}), account)
    assert mended == said.replace("early", "late")


def test_sentences_are_the_text_again_when_joined() -> None:
    text = "One. “Two? Three.” [1] Four e.g. this.\n\n1. Play 3.5 bars.\n2. Rest. Then: Op. 10."
    assert "".join(sentences(text)) == text
    assert len(sentences(text)) == 6


async def test_false_claims_are_caught_and_true_ones_pass() -> None:
    true = await truths(analyses=12)
    false = falsehoods(true, per_kind=45)
    assert len(false) >= 300
    assert len({kind for kind, _, _ in false}) >= 10
    rejected = [t.text for t in true if not check_sentence(t.text, t.ground, t.focus).holds]
    assert len(rejected) <= REJECTED * len(true), rejected
    missed = [f for _, t, f in false if check_sentence(f, t.ground, t.focus).holds]
    assert len(missed) <= (1 - CAUGHT) * len(false), missed
