"""Reads what a passage of the library offers: an exercise with its steps, or a sentence to quote.

Everything returned stands word for word in the passage.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from crescendai.knowledge.results import Hit

MIN_QUOTE_CHARS = 40
MAX_SENTENCE_CHARS = 360
MAX_QUOTE_CHARS = 420
SUBJECT_WORDS = 3  # a sentence is about what it names this early
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
    """The sentence of a passage that says most about the words, with what follows it there.

    None if nothing can be quoted.
    """
    wanted = {stem(word) for word in _WORD.findall(" ".join(words).lower())}
    best, best_score = None, -1.0
    position = 0
    for paragraph in _paragraphs(hit.text):
        for number, candidate in enumerate(paragraph):
            said = [stem(word) for word in _WORD.findall(candidate.lower())]
            is_subject = bool(wanted & set(said[:SUBJECT_WORDS]))
            score = len(wanted & set(said)) + is_subject - 0.2 * position
            position += 1
            if len(candidate) > MAX_SENTENCE_CHARS or score <= best_score:
                continue
            quote = _run(hit.text, paragraph[number:])
            if len(quote) >= MIN_QUOTE_CHARS:
                best, best_score = quote, score
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


def _run(text: str, sentences: Sequence[str]) -> str:
    """The first sentence and as many of the next as make a quotation of readable length."""
    start = text.index(sentences[0])
    quote = sentences[0]
    for following in sentences[1:]:
        longer = text[start : text.index(following, start + len(quote)) + len(following)]
        if len(longer) > MAX_QUOTE_CHARS:
            break
        quote = longer
    return quote


def _paragraphs(text: str) -> list[list[str]]:
    """The whole sentences of each paragraph.

    An item of a list means little alone (it may name a mistake, or be one step of many).
    """
    lines = _plain_lines(text)
    return [
        _sentences(line)
        for line in lines
        if not line.startswith((CHECK, "Purpose:")) and not _LIST_MARK.match(line)
    ]


def _sentences(line: str) -> list[str]:
    found: list[str] = []
    for piece in _SENTENCE_END.split(line):
        if found and _ABBREVIATION.search(found[-1]):
            start = line.index(found[-1])
            found[-1] = line[start : line.index(piece, start + len(found[-1])) + len(piece)]
        else:
            found.append(piece)
    if found and not (found[0][:1].isupper() or found[0][:1] in '“"('):
        del found[0]  # the passage begins in the middle of it
    return found
