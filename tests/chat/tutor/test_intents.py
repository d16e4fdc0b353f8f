from __future__ import annotations

import pytest

from crescendai.chat.brief import Said
from crescendai.chat.tutor.intents import Kind, minutes_in, read_intent
from crescendai.chat.tutor.vocabulary import content_words, dimensions_in, is_about_music

PEDAL = "pedal_clean_blurred"
TIMING = "timing_stable_unstable"

MESSAGES: list[tuple[str, Kind]] = [
    ("Hi!", "greeting"),
    ("Good morning", "greeting"),
    ("Thanks, that helps", "thanks"),
    ("What can you do?", "introduction"),
    ("help", "introduction"),
    ("My wrist hurts after octaves", "pain"),
    ("I feel tingling in my fingers, how do I practise thirds?", "pain"),
    ("Is it painful to listen to?", "question"),
    ("How was my recording?", "overview"),
    ("What do you think of it?", "overview"),
    ("Explain my scores", "overview"),
    ("Why is my pedal so blurred?", "explain"),
    ("Explain my timing score", "explain"),
    ("Do I rush?", "explain"),
    ("Is my interpretation convincing?", "explain"),
    ("What stands out most?", "moment"),
    ("What is the most unusual moment?", "moment"),
    ("Which is my weakest passage?", "moment"),
    ("Where do I rush?", "moment"),
    ("What should I practise next?", "next"),
    ("Hello, what should I work on?", "next"),
    ("How do I practise trills?", "how_to"),
    ("Give me an exercise for voicing", "how_to"),
    ("What's the best way to practise octaves?", "how_to"),
    ("How can I make my pedalling cleaner?", "how_to"),
    ("What does una corda mean?", "question"),
    ("What is rubato?", "question"),
    ("How do I play faster?", "how_to"),
    ("How loud was it?", "explain"),
    ("How sure are you?", "scores"),
    ("I don't agree, my pedal was clean", "explain"),
    ("Is it better in the prelude than in the fugue?", "compare"),
    ("How was the fugue?", "overview"),
    ("What happens at 0:06?", "moment"),
    ("Give me an exercise", "next"),
    ("My left hand is too loud", "how_to"),
    ("Show me other users' recordings", "others"),
    ("What did Anna's recording sound like?", "others"),
    ("What's the weather today?", "question"),
    ("Compare my last two recordings", "compare"),
    ("Have I improved?", "compare"),
    ("Plan my week", "plan"),
    ("I have 20 minutes a day, what should I do?", "plan"),
    ("Make me a practice schedule", "plan"),
    ("What do you know about me?", "context"),
    ("hmm", "unclear"),
    ("What does a score of 0.7 mean?", "scores"),
    ("Is 0.7 good?", "scores"),
    ("Can you hear wrong notes?", "wrong_notes"),
    ("Is it bad that my dynamic range is little?", "explain"),
    ("I can't play softly, what can I do?", "how_to"),
    ("My fourth finger is weak", "how_to"),
    ("Was my tempo steady?", "explain"),
    ("How fast did I play?", "tempo"),
    ("What was my tempo?", "tempo"),
    ("What grade would you give me?", "mark"),
    ("I have an exam on Friday", "occasion"),
    ("what piece should I learn?", "repertoire"),
    ("ok", "unclear"),
]


@pytest.mark.parametrize(("message", "kind"), MESSAGES)
def test_the_kind_of_question(message: str, kind: Kind) -> None:
    assert read_intent(message).kind == kind


def test_a_follow_up_keeps_its_topic() -> None:
    history = (
        Said("user", "Why is my pedal so blurred?"),
        Said("assistant", "Pedal clarity is at 0.71. If not, I can give you an exercise for it."),
    )
    assert read_intent("yes please", history).kind == "how_to"
    assert read_intent("Yes", history).keys == (PEDAL,)
    assert read_intent("another one", history).again
    assert read_intent("why?", history).kind == "explain"
    assert read_intent("What should I practise next?", history).kind == "next"
    assert read_intent("How do I fix that?", history).keys == (PEDAL,)
    assert read_intent("Give me an exercise", history).again
    assert read_intent("and at 1:05?", history).at_sec == 65


def test_what_did_not_work_and_a_plain_ok_are_follow_ups() -> None:
    history = (
        Said("user", "How do I clean up my blurred pedal?"),
        Said("assistant", "**Freeze and name** [1] Play and freeze.\n\nTen minutes a day."),
    )
    tried = read_intent("that didn't work", history)
    assert (tried.kind, tried.keys) == ("stuck", (PEDAL,))
    assert read_intent("ok", history).kind == "acknowledged"
    assert read_intent("it doesn't help", history).kind == "stuck"


def test_an_exercise_and_its_offer_do_not_change_the_topic() -> None:
    history = (
        Said("assistant", "Pedal clarity is at 0.43. It leans to clean. Legato needs no haste."),
        Said("assistant", "**Freeze and name** [1] Play at full tempo and freeze."),
    )
    assert read_intent("another one", history).keys == (PEDAL,)
    offer = Said("assistant", "Your pedal is clean.\n\nShall I give you an exercise for timing?")
    assert read_intent("yes", (*history, offer)).keys == (TIMING,)


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("Was my tempo steady?", (TIMING,)),
        ("a steadier tempo", (TIMING,)),
        ("the tempo", ("music_making_fast_slow",)),
        ("my pedal is muddy", (PEDAL,)),
        ("the pedal", (PEDAL, "pedal_sparse_saturated")),
        ("I rush in the fast bars", (TIMING,)),
        ("it sounds harsh", ("dynamic_sophisticated_raw",)),
        ("Where do I live", ()),
    ],
)
def test_dimensions_in_a_pianists_words(text: str, keys: tuple[str, ...]) -> None:
    assert dimensions_in(text) == keys


@pytest.mark.parametrize(
    ("line", "minutes"),
    [
        ("20 minutes a day", 20),
        ("only 15-min sessions", 15),
        ("an hour on Sundays", 60),
        ("half an hour", 30),
        ("an hour and a half", 90),
        ("small hands", None),
    ],
)
def test_practice_time(line: str, minutes: int | None) -> None:
    assert minutes_in([line]) == minutes


def test_words_of_a_question() -> None:
    assert content_words("What does una corda mean?") == ["una", "corda"]
    assert is_about_music("How do I learn a fugue?")
    assert not is_about_music("What is the capital of France?")
