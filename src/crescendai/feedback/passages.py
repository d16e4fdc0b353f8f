"""Reads what a passage of the library offers: an exercise with its steps, or a sentence to quote.

Everything returned stands word for word in the passage.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from crescendai.knowledge.results import Hit

MIN_SENTENCE_CHARS = 40
MAX_SENTENCE_CHARS = 360
CHECK = "Check your progress:"

_HEADING = re.compile(r"^(?:#{1,6}\s+(?=\S)|(?=Exercise: ))(.+?)\s*$", re.MULTILINE)
_STEP = re.compile(r"^\s*\d+[.)]\s+(.+?)\s*$", re.MULTILINE)
_LIST_MARK = re.compile(r"^\s*(?:\d+[.)]|[-*•])\s+")
_SENTENCE_END = re.compile(r"(?<=[.!?])[”\"')]*\s+(?=[A-Z“\"(])")
_ABBREVIATION = re.compile(r"(?:\b(?:Op|No|Nos|BWV|K|cf|vs|bb|b|e\.g|i\.e)\.|\b[A-Z]\.)$")
_WORD = re.compile(r"[a-zà-ÿ]+")


@dataclass(frozen=True)
class Exercise:
    """``check`` is the observable criterion, ``quote`` the stretch of text all of it stands in."""

    name: str
    purpose: str | None
    steps: tuple[str, ...]
    check: str | None
    quote: str


def exercises(hit: Hit) -> tuple[Exercise, ...]:
    """The whole exercises of a passage: a heading that says so, and at least two steps."""
    found = []
    for heading, text in _blocks(hit):
        if not heading.lower().startswith("exercise"):
            continue
        steps = tuple(_STEP.findall(text))
        if len(steps) < 2:
            continue
        before = text[: text.index(steps[0])]
        purpose = next((line for line in _plain_lines(before) if line.endswith((".", ":"))), None)
        at = text.find(CHECK)
        check = None
        if at >= 0:
            check = text[at + len(CHECK) :].strip().split("\n")[0].strip() or None
        name = heading.partition(":")[2].strip() or heading
        found.append(Exercise(name, purpose, steps, check, text.strip()))
    return tuple(found)


def sentence(hit: Hit, words: Collection[str]) -> str | None:
    """The sentence of a passage that says most about the words; None if none can be quoted."""
    wanted = {stem(word) for word in words}
    best, best_score = None, -1.0
    for position, candidate in enumerate(_sentences(hit.text)):
        if not MIN_SENTENCE_CHARS <= len(candidate) <= MAX_SENTENCE_CHARS:
            continue
        found = wanted & {stem(word) for word in _WORD.findall(candidate.lower())}
        score = len(found) - 0.2 * position
        if score > best_score:
            best, best_score = candidate, score
    return best


def stem(word: str) -> str:
    """A word without its common endings, and British and American spelling alike."""
    word = word.lower().replace("colour", "color").replace("practis", "practic")
    for ending in ("ling", "ning", "ing", "led", "ed", "es", "s", "ly"):
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word[: -len(ending)]
    return word


def _blocks(hit: Hit) -> list[tuple[str, str]]:
    """(heading, text below it); text before the first heading belongs to the passage's own."""
    parts = _HEADING.split(hit.text)
    own = hit.heading_path[-1] if hit.heading_path else ""
    return [(own, parts[0]), *zip(parts[1::2], parts[2::2], strict=True)]


def _plain_lines(text: str) -> list[str]:
    lines = (line.strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def _sentences(text: str) -> list[str]:
    found: list[str] = []
    for line in _plain_lines(text):
        if line.startswith(CHECK):
            continue
        pieces = _SENTENCE_END.split(_LIST_MARK.sub("", line))
        for number, piece in enumerate(pieces):
            if number and _ABBREVIATION.search(found[-1]):
                joined = line[line.index(found[-1]) : line.index(piece) + len(piece)]
                found[-1] = joined
            else:
                found.append(piece)
    return [piece for piece in found if piece[:1].isupper() or piece[:1] in '“"(']
