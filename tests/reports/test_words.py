"""The words of reports are the web app's, in every language."""

from __future__ import annotations

import pytest

from crescendai.evidence import german_scales
from crescendai.evidence.scales import Side
from crescendai.music.dimensions import ALL, ALL_KEYS
from crescendai.music.measurements import DEFINITIONS
from crescendai.reports.words import Words
from tools.report_words import LANGUAGES, path, render


@pytest.mark.parametrize("language", LANGUAGES)
def test_they_are_what_the_web_app_says(language: str) -> None:
    """If not: ``python -m tools.report_words``."""
    assert path(language).read_text() == render(language)


@pytest.mark.parametrize("language", ["en", "de"])
def test_every_scale_has_its_words(language: str) -> None:
    words = Words("de" if language == "de" else "en")
    for dimension in ALL:
        for part in ("name", "left", "right"):
            assert words(f"dim.{dimension.key}.{part}")
        assert words(f"dimgroup.{dimension.group}")
    assert sum(words.known(f"measure.{key}") for key in DEFINITIONS) > 30


def test_numbers_and_days_are_written_as_in_the_language() -> None:
    at_ms = 1_795_737_600_000
    assert Words("en").number(0.5, 2) == "0.50"
    assert Words("de").number(0.5, 2) == "0,50"
    assert Words("en").date(at_ms) == "27 November 2026"
    assert Words("de").date(at_ms) == "27. November 2026"


@pytest.mark.parametrize("key", ALL_KEYS)
def test_pages_and_tutor_call_a_pole_the_same_in_german(key: str) -> None:
    words = Words("de")
    sides: tuple[Side, Side] = ("left", "right")
    for side in sides:
        assert german_scales.pole(key, side) in words(f"dim.{key}.{side}")
