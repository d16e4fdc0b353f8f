"""How often search finds the right passage, over questions whose answers are marked.

A question is ``{"query", "gold": [{"file", "start", "end"} or {"quote"}, …]}``. A hit covers at
least half of one gold passage: by the offsets in the document's text where these are given, else by
the quote's words in their order. A question whose gold is empty has no answer and is not counted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson

from crescendai.errors import InvalidInput
from crescendai.knowledge.results import Hit

DEPTH = 10
CUTS = (1, 3, 10)
_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Question:
    query: str
    gold: tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class Recall:
    """``at`` holds the share of questions whose answer is among the first k hits, by k."""

    questions: int
    at: dict[int, float]


def read_questions(path: Path) -> list[Question]:
    """One JSON object a line. Raises InvalidInput that names the first wrong line."""
    questions = []
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        if not line.strip():
            continue
        try:
            read = orjson.loads(line)
            question = Question(str(read["query"]), tuple(dict(one) for one in read["gold"]))
            if not all(
                "quote" in one or {"file", "start", "end"} <= one.keys() for one in question.gold
            ):
                raise ValueError(line)
        except (ValueError, KeyError, TypeError) as error:
            raise InvalidInput(
                "questions_invalid",
                f'Line {number} of {path.name} is no question: {{"query": "…", "gold": '
                '[{"quote": "…"}]} is expected.',
            ) from error
        questions.append(question)
    return questions


def rank(hits: Sequence[Hit], gold: Sequence[Mapping[str, Any]], files: Mapping[UUID, str]) -> int:
    """Place of the first hit, from 1; one past the depth when there is none."""
    for place, hit in enumerate(hits, start=1):
        if any(_covers(hit, one, files) for one in gold):
            return place
    return DEPTH + 1


def recall(ranks: Sequence[int]) -> Recall:
    count = len(ranks)
    return Recall(count, {k: sum(one <= k for one in ranks) / max(count, 1) for k in CUTS})


def _covers(hit: Hit, gold: Mapping[str, Any], files: Mapping[UUID, str]) -> bool:
    if {"file", "start", "end"} <= gold.keys():
        start, end = int(gold["start"]), int(gold["end"])
        covered = min(hit.end, end) - max(hit.start, start)
        return files.get(hit.document_id) == gold["file"] and covered >= 0.5 * (end - start)
    words = _WORD.findall(str(gold["quote"]).lower())
    text = f" {' '.join(_WORD.findall(hit.text.lower()))} "
    half = -(-len(words) // 2)
    runs = [words[at : at + half] for at in range(len(words) - half + 1)] if words else []
    return any(f" {' '.join(run)} " in text for run in runs)
