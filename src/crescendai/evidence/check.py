"""The check of one sentence: a pure function, for whoever writes and whoever streams.

    a claim is …                       and holds if …
    ─────────────────────────────────  ────────────────────────────────────────────────────────────
    a quotation, a mark [n]            the words stand in the passage; the mark names one
    a place such as 0:06 to 0:09       it lies inside the recording and is not empty
    a number                           see ``numbers``
    a pole: "clearly blurred",         the score lies there, as surely as it is said; or the window
    "more pedal than elsewhere"        or recording lies nearer to it than what it is compared with
    a sentence of what is heard        the score of its dimension lies on that side
    "you rush", "you drag"             the timing lies towards unstable
    what no recording can tell         never: wrong notes, bar numbers, hands, fingers

Anything else is talk, and passes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Literal, TypeAlias

from crescendai.evidence import directions, lexicon, numbers, quotes
from crescendai.evidence.ground import Focus, Ground, Known, equals, is_on, scored
from crescendai.evidence.schemas import Support
from crescendai.music.dimensions import ALL_KEYS

Kind: TypeAlias = Literal["number", "place", "direction", "quote", "citation", "unheard"]

_UNHEARD = re.compile(
    r"\b(?:wrong|missed|misread) notes?\b|\b(?:bars?|measures?) \d+|\byour (?:left|right|fourth|"
    r"fifth|\d\w\w) (?:hand|finger|thumb|wrist|foot)\w* (?:is|are|was|were|plays?|played|drowns?|"
    r"comes?|came|lags?|drags?)\b|\byou (?:used|use|took) (?:the )?(?:wrong|bad|poor) finger",
    re.IGNORECASE,
)
_DENIES = re.compile(r"\b(?:can(?:'|’)?t|cannot|don(?:'|’)?t|no way|not)\b", re.IGNORECASE)
_RUSHES = re.compile(
    r"\byou(?:r \w+)? (?:often |always |sometimes |also |then )?"
    r"(?:rush(?:es|ed)?|hurr(?:y|ies|ied)|drag(?:s|ged)?|stumbled?s?)\b",
    re.IGNORECASE,
)
_MAY_CLAIM = re.compile(
    r"(?<!\w)\d|[“”\"\[]|\b(?:wrong|missed|misread|(?:bar|measure|finger|hand|thumb|wrist)s?|"
    r"rush(?:es|ed)?|hurr(?:y|ies|ied)|drag(?:s|ged)?|stumbled?s?|"
    r"clearly|definitely|certainly|plainly|unmistakably)\b",
    re.IGNORECASE,
)
_WORD = re.compile(r"\w+")
_FOR = re.compile(r"^\W{0,2}(?:for|in|on) (?:the |your )?", re.IGNORECASE)
_MOST = re.compile(r"\b(?:goes furthest|hear it most|is strongest there)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Problem:
    """A claim that is not borne out; ``truth`` is what would be, where there is only one such."""

    kind: Kind
    start: int
    end: int
    said: str
    truth: str | None = None


@dataclass(frozen=True)
class Verdict:
    """``focus`` is what the next sentence is about if it does not say so itself."""

    claims: int
    problems: tuple[Problem, ...]
    support: tuple[Support, ...]
    focus: Focus

    @property
    def holds(self) -> bool:
        return not self.problems


@dataclass
class _Reading:
    claims: int = 0
    problems: list[Problem] = field(default_factory=list)
    support: list[Support] = field(default_factory=list)

    def claim(self, borne_out: Support | bool | None, problem: Problem) -> None:
        self.claims += 1
        if borne_out is None or borne_out is False:
            self.problems.append(problem)
        elif isinstance(borne_out, Support):
            self.support.append(borne_out)


def check_sentence(sentence: str, ground: Ground, focus: Focus = Focus()) -> Verdict:  # noqa: B008
    """Everything a sentence claims, held against the ground."""
    reading = _Reading()
    copied = quotes.copied(sentence, ground)
    if copied is not None:
        _check_marks(sentence, ground, reading)
        reading.claim(copied, Problem("quote", 0, len(sentence), sentence))
        return Verdict(reading.claims, tuple(reading.problems), tuple(reading.support), focus)
    _check_quotations(sentence, ground, reading)
    _check_marks(sentence, ground, reading)
    bare = _blanked(sentence)
    places = numbers.ranges(bare)
    _check_places(places, ground, reading)
    topics = lexicon.topics(bare)
    following = _next_focus(bare, topics, places, focus)
    scores = _check_numbers(bare, sentence, places, topics, ground, focus, reading)
    _check_directions(bare, places, topics, ground, focus, scores, reading)
    for heard in directions.heard(bare):
        supposed = re.search(
            r"\bif that is right\b|\bwhat to listen for\b|\bnot certain\b", bare, re.I
        )
        found = next(
            (
                Support(
                    recording_id=a.recording_id, dimension=heard.key, value=scored(a, heard.key)
                )
                for a in ground.analyses
                if is_on(a, heard.key, heard.side) or (supposed and _leans(a, heard))
            ),
            None,
        )
        reading.claim(found, Problem("direction", 0, len(bare), bare))
    for match in _RUSHES.finditer(bare):
        if directions.is_supposed(bare[: match.start()]):
            continue
        key = "timing_stable_unstable"
        support = next(
            (
                Support(recording_id=a.recording_id, dimension=key, value=scored(a, key))
                for a in ground.analyses
                if is_on(a, key, "right")
            ),
            None,
        )
        reading.claim(support, Problem("direction", match.start(), match.end(), match.group()))
    for match in _UNHEARD.finditer(bare):
        if not _DENIES.search(bare[: match.start()]):
            reading.claim(None, Problem("unheard", match.start(), match.end(), match.group()))
    return Verdict(reading.claims, tuple(reading.problems), tuple(reading.support), following)


def claims_something(text: str, since: int = 0) -> bool:
    """Whether a sentence that begins so may hold anything to check.

    ``since``: what stands before that place was found to hold nothing, in a whole number of words.
    """
    return (
        _MAY_CLAIM.search(text, since) is not None
        or lexicon.says_pole(text, since)
        or _ends_phrase(text, since)
    )


def may_end_a_claim(words: str) -> bool:
    """Whether ``claims_something`` may turn true with these words, whatever stands before them."""
    return (
        _MAY_CLAIM.search(words) is not None
        or lexicon.says_pole(words)
        or not _last_words().isdisjoint(_WORD.findall(words.lower()))
    )


def _ends_phrase(text: str, since: int) -> bool:
    """Whether a phrase of several words that means something to check ends after that place."""
    if _last_words().isdisjoint(_WORD.findall(text[since:].lower())):
        return False
    return lexicon.says_pole(text) or bool(directions.heard(text))


@cache
def _last_words() -> frozenset[str]:
    hearings = (_WORD.findall(sentence)[-1] for sentence in directions.hearings())
    return lexicon.ends_of_phrases() | frozenset(hearings)


def _leans(analysis: object, heard: directions.Heard) -> bool:
    value = scored(analysis, heard.key)  # type: ignore[arg-type]
    return value >= 0.5 if heard.side == "right" else value < 0.5


def _blanked(sentence: str) -> str:
    """The sentence with its quotations and marks blotted out, everything else in its place."""
    blotted = list(sentence)
    for pattern in (quotes.QUOTED, quotes.MARK):
        for match in pattern.finditer(sentence):
            blotted[match.start() : match.end()] = " " * (match.end() - match.start())
    return "".join(blotted)


def _check_quotations(sentence: str, ground: Ground, reading: _Reading) -> None:
    for quotation in quotes.quotations(sentence):
        fine, found = quotes.allowed(quotation, ground)
        if found is None and fine:
            continue
        hits = ground.hits
        if quotation.mark is not None and quotation.mark in ground.cited:
            hits = (ground.cited[quotation.mark],)
        truth = None if fine else quotes.nearest(quotation.text, hits)
        at = quotation.start + 1, quotation.end - 1
        reading.claim(found, Problem("quote", *at, quotation.text, truth))


def _check_marks(sentence: str, ground: Ground, reading: _Reading) -> None:
    quoted = {q.mark for q in quotes.quotations(sentence)}
    for match in quotes.MARK.finditer(sentence):
        hit = ground.cited.get(match[1])
        fine = hit is not None and (
            match[1] in quoted or len(sentence.split()) < 8 or quotes.speaks_of(sentence, hit)
        )
        reading.claim(fine, Problem("citation", match.start(), match.end(), match.group()))


def _check_places(places: Sequence[numbers.Range], ground: Ground, reading: _Reading) -> None:
    for place in places:
        start_inside = place.start_sec < ground.duration_sec
        inside = start_inside and (place.single or place.end_sec <= ground.duration_sec + 1e-6)
        ordered = place.single or place.start_sec < place.end_sec
        said = Problem("place", place.at, place.to, "")
        reading.claim(inside and ordered, said)


def _next_focus(
    text: str,
    topics: Sequence[lexicon.Mention],
    places: Sequence[numbers.Range],
    focus: Focus,
) -> Focus:
    exact = lexicon.exact_topics(text)
    named = [*exact, *(m for m in topics if len(m.keys) == 1)]
    keys = tuple(dict.fromkeys(k for m in named for k in m.keys)) or focus.keys
    if not named and len({k for p in lexicon.poles(text) for k, _ in p.readings}) == 1:
        keys = tuple({k for p in lexicon.poles(text) for k, _ in p.readings})
    stretch = (places[-1].start_sec, places[-1].end_sec) if places else None
    return Focus(keys, stretch if places else (focus.stretch if not exact else None))


def _check_numbers(
    text: str,
    sentence: str,
    places: Sequence[numbers.Range],
    topics: Sequence[lexicon.Mention],
    ground: Ground,
    focus: Focus,
    reading: _Reading,
) -> list[tuple[int, str]]:
    """Check every number; the scores among them are returned with where they stand."""
    scores = []
    marked = [ground.cited[m] for m in quotes.MARK.findall(sentence) if m in ground.cited]
    sources = " ".join((*(hit.text for hit in (*marked, *ground.sourced)), *ground.measured))
    clean = numbers.RANGE.sub(lambda m: "_" * len(m.group()), text)
    for match in numbers.NUMBER.finditer(clean):
        said = match[1]
        at = match.start(1), match.end(1)
        if numbers.is_free(clean, match) and not numbers.difference(clean, at[0]):
            continue
        if sources and re.search(rf"(?<![\d.]){re.escape(said)}(?![\d.])", sources):
            continue
        if numbers.difference(clean, at[0]):
            reading.claim(None, Problem("number", *at, said))
            continue
        stretch = _stretch_by(at[0], places, focus)
        measured = numbers.measured(ground, clean, match, stretch)
        known = [] if numbers.is_score(match) else measured
        if numbers.is_score(match):
            scores.append((at[0], said))
            keys = _keys_by(clean, match, topics, focus)
            known = numbers.score_values(ground, keys or ALL_KEYS, stretch, clean, match)
            if re.search(r"overlap|ratio|fraction|staccato", clean[max(at[0] - 40, 0) : at[0]]):
                known = measured
        fitting = [k for k in known if equals(said, [k.value])]
        of_window = fitting and fitting[0].support.segment and fitting[0].support.dimension
        if of_window and _MOST.search(clean[: at[0]]):
            fitting = fitting if _is_extreme(ground, fitting[0]) else []
        reading.claim(
            fitting[0].support if fitting else None,
            Problem("number", *at, said, _truth(said, known)),
        )
    return scores


def _is_extreme(ground: Ground, known: Known) -> bool:
    key = known.support.dimension or ""
    for analysis in ground.analyses:
        values = [s.scores[key] for s in analysis.temporal_segments if key in s.scores]
        if known.value in (min(values, default=None), max(values, default=None)):
            return True
        judged = [s.scores[key] for s in analysis.temporal_segments if s.note_count >= 6]
        if known.value in (min(judged, default=None), max(judged, default=None)):
            return True
    return False


def _truth(said: str, known: Sequence[Known]) -> str | None:
    decimals = max(
        len(said.replace(",", ".").partition(".")[2]), 2 if known and known[0].value <= 1 else 0
    )
    values = {f"{k.value:.{decimals}f}" for k in known}
    return values.pop() if len(values) == 1 else None


def _keys_by(
    text: str, match: re.Match[str], topics: Sequence[lexicon.Mention], focus: Focus
) -> tuple[str, ...]:
    """The dimensions a number stands by: named right behind it, before it, or in focus."""
    behind = _FOR.match(text[match.end(1) :])
    if behind is not None:
        at = match.end(1) + behind.end()
        named = next((m for m in topics if m.start == at), None)
        if named is not None:
            return named.keys
    before = [m for m in topics if m.end <= match.start()]
    exact = [m for m in before if len(m.keys) == 1]
    if before:
        nearest = before[-1]
        if len(nearest.keys) > 1 and exact and exact[-1].keys[0] in nearest.keys:
            return exact[-1].keys
        if len(nearest.keys) > 1 and focus.keys and set(focus.keys) & set(nearest.keys):
            return tuple(k for k in focus.keys if k in nearest.keys)
        return nearest.keys
    poles = [p for p in lexicon.poles(text) if p.end <= match.start()]
    if focus.keys:
        return focus.keys
    if poles:
        return tuple(k for k, _ in poles[-1].readings)
    after = [m for m in topics if m.start >= match.end()]
    return after[0].keys if after else ()


def _stretch_by(
    at: int, places: Sequence[numbers.Range], focus: Focus
) -> tuple[float, float] | None:
    before = [p for p in places if p.to <= at]
    place = before[-1] if before else (places[0] if places else None)
    return focus.stretch if place is None else (place.start_sec, place.end_sec)


def _check_directions(
    text: str,
    places: Sequence[numbers.Range],
    topics: Sequence[lexicon.Mention],
    ground: Ground,
    focus: Focus,
    scores: Sequence[tuple[int, str]],
    reading: _Reading,
) -> None:
    bound = [(p, _keys_of_pole(p, topics, focus)) for p in lexicon.poles(text)]
    for said in directions.directions(text, bound):
        stretch = _stretch_by(said.start, places, focus)
        near = [number for at, number in scores if at < said.start][-2:]
        pair = near if re.search(r"\bfrom 0?\.\d+ to 0?\.\d", text[: said.start]) else []
        found = directions.holds(said, ground, stretch, pair)
        if not ground.analyses:
            found = None
        truth = None
        if found is None and said.sure:
            unsure = directions.Direction(
                said.start, said.end, said.keys, said.readings, said.relative, False, said.negated
            )
            if directions.holds(unsure, ground, stretch, pair) is not None:
                truth = "leaning to"
        words = text[said.start : said.end]
        reading.claim(found, Problem("direction", said.start, said.end, words, truth))


def _keys_of_pole(
    named: lexicon.PoleNamed, topics: Sequence[lexicon.Mention], focus: Focus
) -> tuple[str, ...]:
    """Which of the dimensions that a pole's words fit is meant."""
    candidates = {key for key, _ in named.readings}
    inside = [m for m in topics if m.start >= named.start and m.end <= named.end]
    before = [m for m in topics if m.end <= named.start][::-1]
    after = [m for m in topics if m.start >= named.end and m.start - named.end < 3]
    for mention in (*inside, *after, *before):
        meant = candidates & set(mention.keys)
        if meant:
            if len(meant) > 1 and meant & set(focus.keys):
                meant &= set(focus.keys)
            return tuple(key for key, _ in named.readings if key in meant)
    if len(candidates) > 1 and candidates & set(focus.keys):
        return tuple(k for k, _ in named.readings if k in focus.keys)
    return tuple(dict.fromkeys(k for k, _ in named.readings)) if len(candidates) == 1 else ()
