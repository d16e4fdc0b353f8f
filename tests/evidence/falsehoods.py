"""Turns a true sentence into a false one, in ten ways.

Each returns None where the sentence offers nothing to falsify in that way, and never a sentence
that might be true after all.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable

from crescendai.evidence.ground import in_windows, is_on, scored
from crescendai.evidence.scales import SCALES, opposite, pole
from crescendai.music.dimensions import ALL_KEYS
from tests.evidence.truths import Truth

Falsify = Callable[[Truth, random.Random], str | None]

_SCORE = re.compile(r"\b0\.\d\d\b")
_RANGE = re.compile(r"\b(\d+):(\d\d)(?: to |-)(\d+):(\d\d)\b")
_QUOTE = re.compile(r"“([^”]{40,})”( \[\d+\])?")
_TOPICS = sorted((re.escape(scale.topic) for scale in SCALES.values()), key=len, reverse=True)
_TOPIC = re.compile(rf"(?<![\w-])(?:{'|'.join(_TOPICS)})(?![\w-])")


def _values(truth: Truth) -> set[str]:
    """Every number that would be true of something in the analysis."""
    [one] = truth.ground.analyses
    found = {f"{scored(one, key):.2f}" for key in ALL_KEYS}
    found |= {f"{bound:.2f}" for ends in one.intervals.values() for bound in ends}
    found |= {f"{v:.2f}" for s in one.temporal_segments for v in s.scores.values()}
    return found | {f"{m.value:.2f}" for m in one.measurements.values() if m.value is not None}


def another_score(truth: Truth, chance: random.Random) -> str | None:
    found = _SCORE.findall(_unquoted(truth.text))
    if not found:
        return None
    said = chance.choice(found)
    shift = chance.choice((-0.31, -0.12, -0.07, 0.06, 0.11, 0.29))
    other = f"{min(max(float(said) + shift, 0.02), 0.98):.2f}"
    values = _values(truth)
    while other in values:
        other = f"{(float(other) + 0.01) % 1:.2f}"
    return truth.text.replace(said, other, 1)


def score_of_another_dimension(truth: Truth, chance: random.Random) -> str | None:
    """A real score, of a dimension that the sentence does not speak of."""
    [one] = truth.ground.analyses
    keys = _keys(truth)
    found = _SCORE.findall(_unquoted(truth.text))
    if len(keys) != 1 or not found:
        return None
    allowed = {f"{scored(one, keys[0]):.2f}", *(f"{b:.2f}" for b in one.intervals[keys[0]])}
    allowed |= {f"{s.scores.get(keys[0], -1):.2f}" for s in one.temporal_segments}
    others = [f"{scored(one, k):.2f}" for k in ALL_KEYS if k != keys[0]]
    others = [o for o in others if o not in allowed]
    return truth.text.replace(found[0], chance.choice(others), 1) if others else None


def dimension_named_wrongly(truth: Truth, chance: random.Random) -> str | None:
    """The same number under another dimension's name."""
    [one] = truth.ground.analyses
    keys = _keys(truth)
    match = _TOPIC.search(truth.text.lower())
    found = _SCORE.findall(_unquoted(truth.text))
    if len(keys) != 1 or match is None or not found or "(0)" in truth.text:
        return None
    others = []
    for key in ALL_KEYS:
        values = {f"{scored(one, key):.2f}", *(f"{b:.2f}" for b in one.intervals[key])}
        values |= {f"{s.scores.get(key, -1):.2f}" for s in one.temporal_segments}
        if key != keys[0] and not values & set(found):
            others.append(key)
    if not others:
        return None
    topic = SCALES[chance.choice(others)].topic
    if match.start() == 0:
        topic = topic.capitalize()
    return truth.text[: match.start()] + topic + truth.text[match.end() :]


def pole_turned(truth: Truth, chance: random.Random) -> str | None:
    """The other pole, where the true one is asserted."""
    [one] = truth.ground.analyses
    keys = _keys(truth)
    if len(keys) != 1 or "?" in truth.text or "(0)" in truth.text:
        return None
    for side in ("left", "right"):
        for words in (SCALES[keys[0]].name(side), pole(keys[0], side)):
            asserted = re.search(
                rf"(?:clearly|towards|to|on the|hear|by|your) {re.escape(words)}(?! pole)",
                _unquoted(truth.text),
            )
            if asserted is None or not is_on(one, keys[0], side):
                continue
            other = SCALES[keys[0]].name(opposite(side))
            if words == pole(keys[0], side):
                other = pole(keys[0], opposite(side))
            at = asserted.end() - len(words)
            return truth.text[:at] + other + truth.text[asserted.end() :]
    return None


def window_turned(truth: Truth, chance: random.Random) -> str | None:
    """ "nearer to blurred" where the window is nearer to clean."""
    keys = _keys(truth)
    if len(keys) != 1:
        return None
    for side in ("left", "right"):
        words = pole(keys[0], side)
        for how in ("earer to ", "loser to "):
            if how + words in truth.text:
                return truth.text.replace(how + words, how + pole(keys[0], opposite(side)), 1)
    return None


def too_sure(truth: Truth, chance: random.Random) -> str | None:
    """A lean told as certain."""
    for lean in ("a lean towards ", "leans towards ", "leaning to "):
        if lean in truth.text:
            [one] = truth.ground.analyses
            keys = _keys(truth)
            if len(keys) != 1:
                return None
            low, high = one.intervals[keys[0]]
            verb = "is clearly " if lean.startswith("leans") else "clearly "
            return truth.text.replace(lean, verb, 1) if low <= 0.5 <= high else None
    return None


def place_outside(truth: Truth, chance: random.Random) -> str | None:
    match = _RANGE.search(truth.text)
    [one] = truth.ground.analyses
    beyond = int(one.duration) + chance.randrange(4, 90)
    place = f"{beyond // 60}:{beyond % 60:02d}"
    if match is not None:
        later = f"{(beyond + 3) // 60}:{(beyond + 3) % 60:02d}"
        return truth.text[: match.start()] + f"{place} to {later}" + truth.text[match.end() :]
    if not _SCORE.search(_unquoted(truth.text)) or not _keys(truth):
        return None
    return f"At {place}, {truth.text[:1].lower()}{truth.text[1:]}"


def window_mistaken(truth: Truth, chance: random.Random) -> str | None:
    """A window's number told of another window."""
    [one] = truth.ground.analyses
    keys = _keys(truth)
    match = _RANGE.search(truth.text)
    found = _SCORE.findall(_unquoted(truth.text))
    if match is None or len(keys) != 1 or not found or keys[0] not in one.scores:
        return None
    wholly = f"{one.scores[keys[0]]:.2f}"
    others = [
        s
        for s in one.temporal_segments
        if f"{s.scores[keys[0]]:.2f}" not in found
        and found[0] != wholly
        and not s.timestamp.startswith(match[0].split(" ")[0])
    ]
    neighbours = {
        f"{k.value:.2f}" for s in others for k in in_windows([one], keys, (s.start, s.end))
    }
    if not others or found[0] in neighbours:
        return None
    at = chance.choice(others).timestamp.replace("-", " to ")
    return truth.text[: match.start()] + at + truth.text[match.end() :]


def misquoted(truth: Truth, chance: random.Random) -> str | None:
    """A quotation with one word changed for another."""
    match = _QUOTE.search(truth.text)
    if match is None:
        return None
    words = match[1].split(" ")
    long = [n for n, word in enumerate(words) if len(word) > 4]
    if not long:
        return None
    n = chance.choice(long)
    words[n] = chance.choice(("never", "always", "quickly", "tightly", "elbow", "forcefully"))
    changed = " ".join(words)
    if changed == match[1]:
        return None
    return truth.text[: match.start(1)] + changed + truth.text[match.end(1) :]


def cited_from_nowhere(truth: Truth, chance: random.Random) -> str | None:
    """A mark of no passage, or of one that does not have the quotation."""
    match = re.search(r"” \[(\d+)\]", truth.text)
    if match is not None:
        others = [n for n in (*truth.ground.cited, "17", "99") if n != match[1]]
        quote = _QUOTE.search(truth.text)
        sound = [
            n
            for n in others
            if n not in truth.ground.cited
            or (quote is not None and quote[1] not in truth.ground.cited[n].text)
        ]
        return truth.text[: match.start(1)] + chance.choice(sound) + truth.text[match.end(1) :]
    if "[" in truth.text or len(truth.text) < 30:
        return None
    return f"{truth.text.rstrip('.')} [{chance.choice((17, 42, 99))}]."


def measured_wrongly(truth: Truth, chance: random.Random) -> str | None:
    """Another tempo or duration, or a measurement that was never made."""
    match = re.search(r"\b(\d+) (bpm|seconds)", truth.text)
    if match is not None:
        other = int(match[1]) + chance.choice((-17, -9, 8, 23, 41))
        return truth.text.replace(match[0], f"{max(other, 3)} {match[2]}", 1)
    if truth.by == "model" and len(_keys(truth)) == 1 and truth.text.endswith("."):
        return f"{truth.text[:-1]}, with a tempo of {chance.choice((52, 88, 131, 144))} bpm."
    return None


def _keys(truth: Truth) -> tuple[str, ...]:
    """The dimension that a sentence speaks of, by its topic, else by its focus."""
    low = truth.text.lower()
    names = {key: (s.topic, s.left, s.right) for key, s in SCALES.items()}
    named = [key for key, all_names in names.items() if any(n in low for n in all_names)]
    longest = [
        key
        for key in named
        if not any(
            other != key and SCALES[key].topic in SCALES[other].topic and SCALES[other].topic in low
            for other in named
        )
    ]
    return tuple(longest) or truth.focus.keys


def _unquoted(text: str) -> str:
    return re.sub(r"“[^”]*”", "", text)


KINDS: dict[str, Falsify] = {
    "another score": another_score,
    "a score of another dimension": score_of_another_dimension,
    "a dimension named wrongly": dimension_named_wrongly,
    "the other pole": pole_turned,
    "a window's direction turned": window_turned,
    "a lean told as certain": too_sure,
    "a place outside the recording": place_outside,
    "a number of another window": window_mistaken,
    "a misquotation": misquoted,
    "a citation of another passage, or of none": cited_from_nowhere,
    "another measurement": measured_wrongly,
}
