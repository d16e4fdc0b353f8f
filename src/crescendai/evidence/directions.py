"""Sentences that say to which pole something lies, or lies more than the rest, and their truth."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from crescendai.evidence import lexicon
from crescendai.evidence.ground import Ground, is_on, is_sure, scored, windows_in
from crescendai.evidence.lexicon import PoleNamed
from crescendai.evidence.scales import SCALES, Side, opposite
from crescendai.evidence.schemas import Span, Support

_ADVERBS = (
    r"(?:(?:very|rather|quite|fairly|too|a little|a bit|mostly|consistently|somewhat|on the|"
    r"generally|slightly|really|still|so|already|noticeably|remarkably|your|a|an|the|and) )*"
)
_CLEARLY = re.compile(rf"\b(?:clearly|definitely|certainly|plainly|unmistakably) {_ADVERBS}$", re.I)
_LEAN = re.compile(
    r"\b(?:lean(?:s|ing|ed)?|tend(?:s|ing)?|inclines?|a lean) (?:to|towards?) $|"
    r"(?<!to)(?<!to 0)(?: 0)?\.\d+, towards $",
    re.I,
)
_RELATIVE = re.compile(
    r"\b(?:nearer|nearest|closer|closest|further|furthest|farther|more|moved?|moves|shift(?:s|ed)?|"
    r"gone|goes)(?: it)? (?:to|towards?) $|\bto 0?\.\d+, towards $|\b(?:further|more) $",
    re.IGNORECASE,
)
_LESS = re.compile(r"\bless $", re.IGNORECASE)
_THAN = re.compile(
    r"^\W*(?:\w+ ){0,4}?(?:than|there than|here than)\b|^\W*(?:here|there)\b|^ than\b", re.I
)
_IS = re.compile(
    rf"\b(?:is|are|was|were|sounds?|sounded|feels?|felt|remains?|stays?|stayed|seems?|seemed|"
    rf"marked by|comes across as|came across as|plays?|played|with|have|has|had|hear|heard|"
    rf"too|it's|that's) {_ADVERBS}$|\b(?:your|mostly) {_ADVERBS}$|\d, $",
    re.IGNORECASE,
)
_NOT = re.compile(rf"\b(?:not|n't|n’t|never|without|hardly|no longer) {_ADVERBS}$", re.IGNORECASE)
_SUPPOSED = re.compile(
    r"\b(?:if|whether|when|until|unless|should|could|would|may|might|can|must|will|aim\w*|try|want\w*|"
    r"wish\w*|make|makes|keep|causes?|suits?|calls? for|asks? for|decide|so that|means?|imagine|"
    r"scale from|between|once with|record\w*|practi[sc]e|play it|as if|right where|let)\b",
    re.IGNORECASE,
)
_BIDS = re.compile(
    r"^\W*(?:now |then |next |first |please )*(?:play|try|listen|take|choose|use|set|give|start|"
    r"begin|let|loop|sing|tap|count|aim|think|ask|compare|record|practi[sc]e|work|repeat)\b",
    re.IGNORECASE,
)
_ASKED = re.compile(r"\?\s*$")
_COMPARATIVE = re.compile(r"(?:er|ier|more pedal|less pedal|heavier pedal)$", re.IGNORECASE)


@dataclass(frozen=True)
class Direction:
    """``relative`` compares a stretch with the whole, or one recording with another."""

    start: int
    end: int
    keys: tuple[str, ...]
    readings: tuple[tuple[str, Side], ...]
    relative: bool
    sure: bool
    negated: bool


def directions(text: str, bound: Sequence[tuple[PoleNamed, tuple[str, ...]]]) -> list[Direction]:
    """What the sentence asserts. ``bound`` are its pole words with the dimensions they stand by."""
    if _ASKED.search(text):
        return []
    found = []
    for named, keys in bound:
        before, after = text[: named.start], text[named.end :]
        clause = re.split(r"[;:]|, (?:but|and)\b|\. ", before)[-1]
        bids = _BIDS.match(text) and not re.search(r"\bwhere it\b|\bwhich is\b", before)
        if bids or _SUPPOSED.search(clause) or after.startswith((" (0)", " (1)")):
            continue
        readings = tuple((k, s) for k, s in named.readings if not keys or k in keys)
        if not readings:
            readings = named.readings
        if lexicon.only_beside_its_name(named.words) and (not keys or before.endswith("a ")):
            continue
        comparative = bool(_COMPARATIVE.search(named.words)) and bool(_THAN.match(after))
        less = bool(_LESS.search(before)) and bool(_THAN.match(after))
        relative = comparative or less or bool(_RELATIVE.search(before))
        if re.search(r"\bmore $|\bfurther $", before) and not _THAN.match(after):
            relative = False
            if not re.search(r"\b(?:is|was|sounds?|were|are) (?:\w+ )?more $", before):
                continue
            relative = True
        sure, lean = bool(_CLEARLY.search(before)), bool(_LEAN.search(before))
        negated = bool(_NOT.search(before))
        asserted = relative or sure or lean or negated or bool(_IS.search(before))
        if not asserted and not re.match(r" \(0?\.\d", after):
            continue
        if less:
            readings = tuple((k, opposite(s)) for k, s in readings)
        found.append(Direction(named.start, named.end, keys, readings, relative, sure, negated))
    return found


def is_supposed(before: str) -> bool:
    """Whether what follows these words of a sentence is not asserted but supposed or asked for."""
    return bool(_SUPPOSED.search(before))


def holds(
    said: Direction, ground: Ground, stretch: tuple[float, float] | None, scores: Sequence[str]
) -> Support | None:
    """What bears the assertion out; None if nothing does. ``scores`` are numbers beside it."""
    for key, side in said.readings:
        if said.relative:
            found = _moved(ground, key, side, stretch, scores)
        else:
            found = _lies(ground, key, side, said, stretch)
        if found is not None:
            return found
    return None


def _lies(
    ground: Ground, key: str, side: Side, said: Direction, stretch: tuple[float, float] | None
) -> Support | None:
    for analysis in ground.analyses:
        support = Support(
            recording_id=analysis.recording_id, dimension=key, value=scored(analysis, key)
        )
        if said.negated:
            if not (is_on(analysis, key, side) and is_sure(analysis, key)):
                return support
            continue
        if is_on(analysis, key, side) and (not said.sure or is_sure(analysis, key)):
            return support
    return (
        None
        if stretch is None or said.sure or said.negated
        else _moved(ground, key, side, stretch, ())
    )


def _moved(
    ground: Ground,
    key: str,
    side: Side,
    stretch: tuple[float, float] | None,
    scores: Sequence[str],
) -> Support | None:
    """A window nearer to that side than its whole, or the first recording than the second."""
    sign = 1 if side == "right" else -1
    if len(scores) >= 2 and stretch is None:
        first, last = (float(score.replace(",", ".")) for score in scores[:2])
        analysis = ground.analyses[0] if ground.analyses else None
        if analysis is None or sign * (last - first) <= 0:
            return None
        return Support(recording_id=analysis.recording_id, dimension=key, value=last)
    if stretch is not None:
        for analysis in ground.analyses:
            for window in windows_in(analysis, stretch):
                value = window.scores.get(key)
                if value is not None and sign * (value - scored(analysis, key)) > 0:
                    return Support(
                        recording_id=analysis.recording_id,
                        segment=Span(start=window.start, end=window.end),
                        dimension=key,
                        value=value,
                    )
        return None
    if len(ground.analyses) > 1:
        newer, older = ground.analyses[:2]
        if sign * (scored(newer, key) - scored(older, key)) > 0:
            return Support(recording_id=newer.recording_id, dimension=key, value=scored(newer, key))
    return None


@dataclass(frozen=True)
class Heard:
    """One of the house's sentences of what a listener hears at a pole."""

    key: str
    side: Side


def heard(text: str) -> list[Heard]:
    """Which of those sentences stand in the text."""
    low = text.lower()
    return [Heard(key, side) for sentence, key, side in _hearings() if sentence in low]


def hearings() -> tuple[str, ...]:
    """Those sentences, in small letters."""
    return tuple(sentence for sentence, _, _ in _hearings())


@cache
def _hearings() -> tuple[tuple[str, str, Side], ...]:
    sides: tuple[Side, ...] = ("left", "right")
    return tuple(
        (scale.hears(side).lower().rstrip("."), key, side)
        for key, scale in SCALES.items()
        for side in sides
    )
