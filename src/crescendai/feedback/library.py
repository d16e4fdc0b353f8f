"""Asks the library about findings, and keeps what can be quoted."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from crescendai.evidence.scales import Side, opposite
from crescendai.evidence.scales import pole as pole_of
from crescendai.feedback import passages
from crescendai.feedback.advice import Found
from crescendai.feedback.findings import Finding
from crescendai.feedback.passages import Exercise
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
    findings = {f.key: f for f in (*exercises_for, *remarks_on)}
    subjects = {key: _subject(one, now=one in exercises_for) for key, one in findings.items()}
    queries = {query for query, _ in subjects.values()} | {_training(one) for one in exercises_for}
    answers = await asyncio.gather(*(_near(search, caller, query) for query in queries))
    near = dict(zip(queries, answers, strict=True))
    for key, finding in findings.items():
        chosen = None
        query, pole = subjects[key]
        hits = near[query]
        remark = _remark(hits, key, pole)
        if finding in exercises_for:
            training = near[_training(finding)]
            chosen = _exercise([*training, *hits], finding, used)
            hits = [*hits, *training]
        if chosen is not None:
            used.add(chosen[1].name)
        seen |= {hit.chunk_id: hit for hit in hits}
        found[key] = Found(exercise=chosen, remark=remark)
    return found, seen


def _subject(finding: Finding, *, now: bool) -> tuple[str, str]:
    """What to ask, and which pole it is about: what to mend now, or what to grow into."""
    if now:
        return f"What causes {finding.name}", finding.pole
    if finding.welcome is None:
        return f"When {finding.name} is right", finding.pole
    side = _goal(finding)
    return f"What causes {finding.scale.name(side)}", pole_of(finding.key, side)


def _training(finding: Finding) -> str:
    return f"Exercise for {finding.scale.name(_goal(finding))}"


def _goal(finding: Finding) -> Side:
    return finding.side if finding.welcome else opposite(finding.side)


async def _near(search: Search, caller: Caller, query: str) -> list[Hit]:
    answer = await search.search(caller, query, TOP_K)
    return [hit for hit in answer.hits if hit.similarity >= MIN_SIMILARITY]


def _exercise(hits: Sequence[Hit], finding: Finding, used: set[str]) -> tuple[Hit, Exercise] | None:
    """The first unused exercise, of a passage that names the dimension if there is one."""
    for hit in sorted(hits, key=lambda hit: finding.key not in hit.dimensions):
        for exercise in passages.exercises(hit):
            fits = finding.scale.suits(finding.side, exercise.purpose)
            if fits and exercise.name not in used:
                return hit, exercise
    return None


def _remark(hits: Sequence[Hit], key: str, pole: str) -> tuple[Hit, str] | None:
    """What to quote on a pole: first of all from a section that has it as its subject."""
    words = pole.replace(",", "").split()

    def farness(hit: Hit) -> tuple[bool, bool]:
        heading = " ".join(hit.heading_path[-1:]).lower()
        return key not in hit.dimensions, pole not in heading and "right" not in heading

    for hit in sorted(hits, key=farness):
        quote = None if passages.exercises(hit) else passages.sentence(hit, words)
        if quote is not None:
            return hit, quote
    return None
