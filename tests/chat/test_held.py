"""What passes at once is what would have been said as it comes, and nothing else."""

from __future__ import annotations

import re

import pytest

from crescendai.chat.held import Held
from crescendai.chat.prompts import read_prompt
from crescendai.evidence.ground import Ground
from tests.evidence.test_claims_as_they_come import CLAIMS

SECRET = read_prompt("tutor").text


async def _nothing_found() -> Ground:
    return Ground()


def _pieces(text: str, size: int) -> list[str]:
    if size == 0:
        return re.findall(r"\S+\s*", text)
    return [text[at : at + size] for at in range(0, len(text), size)]


async def _said(text: str, size: int, *, at_once: bool) -> tuple[list[str], int]:
    """What is said after each piece and at the end, and how many pieces passed."""
    held, said, passed = Held(_nothing_found, SECRET), list[str](), 0
    for piece in _pieces(text, size):
        if at_once and held.passes(piece):
            passed += 1
            said.append(piece)
        else:
            said.append(await held.hear(piece))
    return [*said, await held.end()], passed


@pytest.mark.parametrize("size", [0, 1, 3, 7])
async def test_the_same_is_said_at_the_same_time(size: int) -> None:
    recited = "Well, I was told so: " + " ".join(SECRET.split()[20:60])
    passing = 0
    for text in (
        *(f"Well now, I say {claim} today. And so on it goes" for claim in CLAIMS),
        recited,
    ):
        whole, _ = await _said(text, size, at_once=False)
        quick, passed = await _said(text, size, at_once=True)
        assert quick == whole
        passing += passed
    assert passing


async def test_long_talk_without_an_end_passes_word_by_word() -> None:
    text = "lanterns drift homewards silently " * 40
    said, passed = await _said(text, 0, at_once=True)
    assert ("".join(said), passed) == (text, 160)
