"""Whether a sentence claims something is found while it is written, looking at what is new."""

from __future__ import annotations

import pytest

from crescendai.evidence import directions, lexicon
from crescendai.evidence.check import claims_something

CLAIMS = (
    *lexicon.pole_phrases(),
    *directions.hearings(),
    *("blurred", "muddier", "more pedal", "72", "“Sing", "bar", "rushes", "clearly", "[2]"),
)


def _found_in_pieces(sentence: str, size: int) -> bool:
    plain = 0
    for end in [*range(size, len(sentence), size), len(sentence)]:
        if claims_something(sentence[:end], plain):
            return True
        plain = sentence.rfind(" ", 0, end) + 1
    return False


@pytest.mark.parametrize("size", [1, 3, 7])
def test_every_claim_is_found_however_the_sentence_is_cut(size: int) -> None:
    missed = [
        claim for claim in CLAIMS if not _found_in_pieces(f"Well now, I say {claim} today", size)
    ]
    assert missed == []


@pytest.mark.parametrize("size", [1, 3, 7])
def test_talk_stays_talk(size: int) -> None:
    assert not _found_in_pieces("Let the phrase breathe before the next one begins.", size)
