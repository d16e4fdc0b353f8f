"""Quotations and marks: what is quoted stands in its passage, and a mark names a passage."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from crescendai.evidence.ground import Ground, of_passage, plain
from crescendai.evidence.schemas import Support
from crescendai.knowledge.results import Hit

QUOTED = re.compile(r"“([^“”]+)”|(?<![\w])\"([^\"]+)\"(?!\w)")
MARK = re.compile(r"\[(\w{1,12})\](?!\()")
FREE_WORDS = 2  # so few words in quotation marks are a manner of speaking
SHARED_WORDS = 3  # that an unquoted sentence has of the passage it names
SIMILAR = 0.82  # a quotation this near to a sentence was meant to be it

_LIST_MARK = re.compile(r"^\s*(?:\d+[.)]|[-*•])\s+")
_LEAD_IN = re.compile(r"^(?:You have it when|How to tell:|Purpose:|Check your progress:)\s*", re.I)
_WORD = re.compile(r"[a-zà-ÿ]{4,}")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n+")


@dataclass(frozen=True)
class Quotation:
    start: int
    end: int
    text: str
    mark: str | None


def quotations(text: str) -> list[Quotation]:
    """Every quotation, with the mark that follows it."""
    found = []
    for match in QUOTED.finditer(text):
        mark = re.match(r"[\s.,;:]*\[(\w{1,12})\]", text[match.end() :])
        inner = match[1] if match[1] is not None else match[2]
        found.append(Quotation(match.start(), match.end(), inner, mark[1] if mark else None))
    return found


def standing_in(quote: str, hits: Sequence[Hit]) -> Support | None:
    """Where the quotation stands word for word."""
    wanted = plain(quote).rstrip(".,;:")
    for hit in hits:
        if quote in hit.text:
            return of_passage(hit, quote)
        if wanted in plain(hit.text) or wanted in plain(" ".join(hit.heading_path)):
            return of_passage(hit, quote)
    return None


def allowed(quotation: Quotation, ground: Ground) -> tuple[bool, Support | None]:
    """Whether the words may stand in quotation marks, and the passage that has them."""
    if quotation.mark is not None:
        hit = ground.cited.get(quotation.mark)
        found = standing_in(quotation.text, [hit]) if hit is not None else None
        return found is not None, found
    found = standing_in(quotation.text, ground.hits)
    if found is not None:
        return True, found
    said = plain(quotation.text).lower()
    if any(said in plain(words).lower() for words in ground.own_words):
        return True, None
    return len(said.split()) <= FREE_WORDS, None


def copied(text: str, ground: Ground) -> Support | None:
    """The passage that the whole sentence is taken from without quotation marks."""
    bare = MARK.sub("", _LEAD_IN.sub("", _LIST_MARK.sub("", text.strip()))).strip().strip("*")
    bare = plain(bare).rstrip(".")
    if len(bare.split()) < 4:
        return None
    for hit in ground.hits:
        if bare.lower() in plain(hit.text).lower():
            return of_passage(hit, bare)
    return None


def speaks_of(text: str, hit: Hit) -> bool:
    """Whether an unquoted sentence is plausibly about the passage whose mark it bears."""
    said = set(_WORD.findall(text.lower()))
    have = set(_WORD.findall(" ".join((hit.title, *hit.heading_path, hit.text)).lower()))
    return len(said & have) >= min(SHARED_WORDS, max(len(said) // 2, 1))


def nearest(quote: str, hits: Sequence[Hit]) -> str | None:
    """The sentences of a passage that a misquotation was meant to be."""
    best, best_ratio = None, SIMILAR
    count = max(len(_SENTENCE_END.split(quote)), 1)
    for hit in hits:
        sentences = _SENTENCE_END.split(hit.text)
        for n in range(len(sentences) - count + 1):
            candidate = " ".join(sentences[n : n + count])
            ratio = difflib.SequenceMatcher(None, quote, candidate, autojunk=False).ratio()
            if ratio > best_ratio and candidate in hit.text:
                best, best_ratio = candidate, ratio
    return best
