"""The model card's address tells what the cards beside the weights tell."""

from __future__ import annotations

from pathlib import Path

from crescendai.music.performance_model import PerformanceModel
from crescendai.web.model_card import parse, shipped
from tests.fixtures.in_process import in_process

CARD = """# A model

Opening words.

## Figures

Before.
<!-- figures -->
| unseen | R² (null) |
|---|---|
| piece | 0.2 (-0.1) |
<!-- figures -->

After.
"""


def test_a_card_is_taken_apart() -> None:
    card = parse("performance", CARD, "v1")
    assert (card.title, card.version) == ("A model", "v1")
    opening, figures = card.sections
    assert (opening.heading, opening.text) == ("", "Opening words.")
    assert (figures.heading, figures.text) == ("Figures", "Before.\n\nAfter.")
    assert figures.tables[0].columns == ["unseen", "R² (null)"]
    assert figures.tables[0].rows == [["piece", "0.2 (-0.1)"]]


def test_the_shipped_cards_say_what_they_must() -> None:
    performance, transcription = shipped().cards
    assert performance.version == PerformanceModel.load().settings.version
    headings = {section.heading for section in performance.sections}
    assert headings >= {"Training data", "Figures", "Known failures"}
    figures = next(s for s in performance.sections if s.heading == "Figures")
    unseen = {row[0] for row in figures.tables[0].rows}
    assert unseen >= {"passage", "performer", "piece"}
    assert any("null" in column for column in figures.tables[0].columns)
    assert "ceiling" in figures.text
    assert {"Licence", "Limits"} <= {section.heading for section in transcription.sections}


async def test_the_address_gives_them(tmp_path: Path) -> None:
    async with in_process(tmp_path / "data") as client:
        answer = await client.get("/api/model-card")
    assert answer.status_code == 200
    assert [card["model"] for card in answer.json()["cards"]] == ["performance", "transcription"]
