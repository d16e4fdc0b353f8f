from __future__ import annotations

import pytest

from crescendai.chat.tutor.intents import read_intent
from crescendai.chat.tutor.spelling import slips, spelt


@pytest.mark.parametrize(
    ("message", "meant"),
    [
        ("what is rubatto", "what is rubato"),
        ("how was my recroding?", "how was my recording?"),
        ("what shoud i practce next", "what should i practice next"),
        ("why is my pedel blury?", "why is my pedal blurry?"),
        ("Exersise for voiceing", "Exercise for voicing"),
        ("my rythm", "my rhythm"),
        ("the wekest momment", "the weakest moment"),
        ("Comparre my recordngs", "Compare my recordings"),
        ("improove my stacatto", "improve my staccato"),
    ],
)
def test_slips_are_put_right(message: str, meant: str) -> None:
    assert spelt(message) == meant
    assert read_intent(spelt(message)) == read_intent(meant)


@pytest.mark.parametrize(
    "message",
    [
        "What's the weather today?",
        "Compare pedel.wav with take-pedel.mp3",
        "I play the piano in the evening, please help",
        "Who won the world cup?",
        "My place is near the school; could they score it?",
    ],
)
def test_other_words_stay(message: str) -> None:
    assert spelt(message) == message


@pytest.mark.parametrize(
    "message",
    [
        "my writs hurts",
        "my wrist hurst when I play octaves",
        "I have pian in my thumb",
        "Panful fingers after an hour, what should I practise?",
        "there is numbnes in my hand",
        "my tenden again",
        "my hand is swolen",
        "mein Handgelenk schmertzt",
        "die Hand tuht weh",
    ],
)
def test_pain_is_understood_however_it_is_spelt(message: str) -> None:
    assert read_intent(message).kind == "pain"


@pytest.mark.parametrize(
    "message", ["a tinkling sound", "Arching my hand in scales", "Is acting part of it?", "piano"]
)
def test_what_only_looks_like_pain_is_none(message: str) -> None:
    assert read_intent(message).kind != "pain"


def test_slips_are_counted() -> None:
    assert [slips("pedal", word) for word in ("pedal", "pedel", "peadl", "petals")] == [0, 1, 1, 2]
