"""What the shipped models were made of and what is known of them, read from their model cards.

The cards are Markdown that lies beside the weights and is the one place where the figures are
written; here they are taken apart into sections and tables, so that a program can read them too.
"""

from __future__ import annotations

import json
import re
from functools import cache
from importlib.resources import files
from itertools import groupby

from fastapi import APIRouter
from pydantic import BaseModel

from crescendai.identity.endpoints import CurrentCaller

router = APIRouter(tags=["status"])

CARDS = {  # files of the package
    "performance": "music/weights/MODEL_CARD.md",
    "transcription": "adapters/models/weights/transkun/MODEL_CARD.md",
}
SETTINGS_OF_PERFORMANCE_MODEL = "music/weights/performance_model.json"


class CardTable(BaseModel):
    columns: list[str]
    rows: list[list[str]]


class CardSection(BaseModel):
    heading: str  # empty for what stands before the first
    text: str  # Markdown without its tables
    tables: list[CardTable]


class Card(BaseModel):
    model: str
    title: str
    version: str | None  # as in an analysis's ``model_version``, where analyses carry it
    sections: list[CardSection]


class ModelCard(BaseModel):
    cards: list[Card]


@router.get("/api/model-card")
async def model_card(caller: CurrentCaller) -> ModelCard:
    """Training data, splits, every figure with its null and ceiling, and known failures."""
    return shipped()


@cache
def shipped() -> ModelCard:
    """The cards of the models in this package."""
    package = files("crescendai")
    settings = json.loads((package / SETTINGS_OF_PERFORMANCE_MODEL).read_text())["settings"]
    versions = {"performance": settings["version"]}
    return ModelCard(
        cards=[
            parse(model, (package / path).read_text(), versions.get(model))
            for model, path in CARDS.items()
        ]
    )


def parse(model: str, markdown: str, version: str | None) -> Card:
    """Take a card apart: a first-level title, second-level headings, pipe tables."""
    shown = re.sub(r"<!--.*?-->\n?", "", markdown)
    first, *others = re.split(r"^## ", shown, flags=re.MULTILINE)
    title, _, before = first.removeprefix("# ").partition("\n")
    parts = [("", before), *((h, body) for h, _, body in (o.partition("\n") for o in others))]
    sections = [_section(heading, body) for heading, body in parts if body.strip()]
    return Card(model=model, title=title.strip(), version=version, sections=sections)


def _section(heading: str, body: str) -> CardSection:
    text: list[str] = []
    tables: list[CardTable] = []
    for is_table, lines in groupby(body.splitlines(), lambda line: line.startswith("|")):
        if is_table:
            columns, _, *rows = [[c.strip() for c in li.strip("| ").split("|")] for li in lines]
            tables.append(CardTable(columns=columns, rows=rows))
        else:
            text.extend(lines)
    return CardSection(heading=heading.strip(), text="\n".join(text).strip(), tables=tables)
