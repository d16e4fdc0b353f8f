"""Asks the library about findings, and keeps what can be quoted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from crescendai.feedback import passages
from crescendai.feedback.advice import Found
from crescendai.feedback.findings import Finding
from crescendai.feedback.passages import Exercise
from crescendai.feedback.scales import Side, opposite
from crescendai.identity.service import Caller
from crescendai.knowledge.results import Hit, SearchAnswer

TOP_K = 5
MIN_SIMILARITY = 0.35  # below it, a passage is about something else


class Search(Protocol):
    async def search(self, caller: Caller, query: str, top_k: int) -> SearchAnswer: ...


async def consult(
    search: Search, caller: Caller, exercises_for: Sequence[Finding], remarks_on: Sequence[Finding]
) -> tuple[dict[str, Found], dict[UUID, Hit]]:
    """What the library offers, by dimension key, and every passage seen, by chunk id.

    No exercise is offered for two findings.
    """
    found: dict[str, Found] = {}
    seen: dict[UUID, Hit] = {}
    used: set[str] = set()
    for finding in {f.key: f for f in (*exercises_for, *remarks_on)}.values():
        hits = await _near(search, caller, f"What causes {finding.name}")
        remark = _remark(hits, finding)
        chosen = None
        if finding in exercises_for:
            wished = finding.scale.name(_goal(finding))
            training = await _near(search, caller, f"Exercise for {wished}")
            chosen = _exercise([*training, *hits], finding.key, used)
            hits = [*hits, *training]
        if chosen is not None:
            used.add(chosen[1].name)
        seen |= {hit.chunk_id: hit for hit in hits}
        found[finding.key] = Found(exercise=chosen, remark=remark)
    return found, seen


def _goal(finding: Finding) -> Side:
    return finding.side if finding.welcome else opposite(finding.side)


async def _near(search: Search, caller: Caller, query: str) -> list[Hit]:
    answer = await search.search(caller, query, TOP_K)
    return [hit for hit in answer.hits if hit.similarity >= MIN_SIMILARITY]


def _exercise(hits: Sequence[Hit], key: str, used: set[str]) -> tuple[Hit, Exercise] | None:
    """The first unused exercise, of a passage that names the dimension if there is one."""
    for hit in sorted(hits, key=lambda hit: key not in hit.dimensions):
        for exercise in passages.exercises(hit):
            if exercise.name not in used:
                return hit, exercise
    return None


def _remark(hits: Sequence[Hit], finding: Finding) -> tuple[Hit, str] | None:
    """A sentence on what makes the playing so, of a passage that names the dimension if any."""
    words = finding.name.replace(",", "").split()
    for hit in sorted(hits, key=lambda hit: finding.key not in hit.dimensions):
        if passages.exercises(hit):
            continue
        quote = passages.sentence(hit, words)
        if quote is not None:
            return hit, quote
    return None
