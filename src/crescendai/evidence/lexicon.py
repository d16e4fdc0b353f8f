"""The words by which a sentence names a dimension, or says to which pole it lies."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from crescendai.evidence.scales import SCALES, Side, pole
from crescendai.music.dimensions import ALL_KEYS

# What else a topic or pole is called. Words that fit several dimensions stand under each of them.
_TOPICS = {
    "timing_stable_unstable": r"timing|pulse|beat|rhythm",
    "articulation_short_long": r"articulation|note lengths?",
    "articulation_soft_hard": r"attacks?|articulation|touch",
    "pedal_sparse_saturated": r"amount of pedal|pedall?ing|pedal",
    "pedal_clean_blurred": r"pedal clarity|pedall?ing|pedal",
    "timbre_even_colorful": r"tone colou?rs?|timbre|colou?rs?",
    "timbre_shallow_rich": r"tone|timbre|fullness",
    "timbre_bright_dark": r"tone|timbre|brightness",
    "timbre_soft_loud": r"loudness|volume|timbre|playing",
    "dynamic_sophisticated_raw": r"dynamics|refinement",
    "dynamic_range_little_large": r"dynamic range|range of dynamics|dynamics",
    "music_making_fast_slow": r"pace|pacing",
    "music_making_flat_spacious": r"sense of space|spaciousness|playing",
    "music_making_disproportioned_balanced": r"balance|proportions?",
    "music_making_pure_dramatic": r"drama|playing|performance",
    "emotion_optimistic_dark": r"mood|character",
    "emotion_low_high_energy": r"energy",
    "emotion_honest_imaginative": r"imagination",
    "interpretation_unsatisfactory_convincing": r"interpretation",
}
_LEFT = {
    "timing_stable_unstable": r"stable|stead(?:y|ier)",
    "articulation_short_long": r"short(?:er)?|detached|staccato|clipped",
    "articulation_soft_hard": r"soft(?:er)?|cushioned|gentler?",
    "pedal_sparse_saturated": r"sparse|sparser|dry|drier|less pedal|little pedal",
    "pedal_clean_blurred": r"clean(?:er)?|clear(?:er)?",
    "timbre_even_colorful": r"even|monochrome|uniform",
    "timbre_shallow_rich": r"shallow(?:er)?|thin(?:ner)?",
    "timbre_bright_dark": r"bright(?:er)?",
    "timbre_soft_loud": r"soft(?:er)?|quiet(?:er)?",
    "dynamic_sophisticated_raw": r"sophisticated|mellow(?:er)?|refined",
    "dynamic_range_little_large": r"little|small(?:er)?|narrow(?:er)?",
    "music_making_fast_slow": r"fast(?:er)?(?:-paced)?|hurried|rushed",
    "music_making_flat_spacious": r"flat(?:ter)?",
    "music_making_disproportioned_balanced": r"disproportioned|unbalanced|imbalanced|lopsided",
    "music_making_pure_dramatic": r"pure(?:r)?|plain(?:er)?",
    "emotion_optimistic_dark": r"optimistic|pleasant|cheerful|light(?:er)?",
    "emotion_low_high_energy": r"low|calm(?:er)?|lifeless",
    "emotion_honest_imaginative": r"honest|straightforward",
    "interpretation_unsatisfactory_convincing": r"unsatisfactory|unconvincing",
}
_RIGHT = {
    "timing_stable_unstable": r"unstable|unstead(?:y|ier)|wavering|erratic",
    "articulation_short_long": r"long(?:er)?|legato|joined",
    "articulation_soft_hard": r"hard(?:er)?|solid|percussive",
    "pedal_sparse_saturated": r"saturated|wet(?:ter)?|more pedal|heavier pedal",
    "pedal_clean_blurred": r"blurred|blurr(?:y|ier)|mudd(?:y|ier)",
    "timbre_even_colorful": r"colou?rful|varied",
    "timbre_shallow_rich": r"rich(?:er)?|full(?:er)?",
    "timbre_bright_dark": r"dark(?:er)?",
    "timbre_soft_loud": r"loud(?:er)?",
    "dynamic_sophisticated_raw": r"raw(?:er)?|crude(?:r)?|rough(?:er)?",
    "dynamic_range_little_large": r"large(?:r)?|wide(?:r)?|broad(?:er)?",
    "music_making_fast_slow": r"slow(?:er)?(?:-paced)?",
    "music_making_flat_spacious": r"spacious",
    "music_making_disproportioned_balanced": r"balanced|well-proportioned",
    "music_making_pure_dramatic": r"dramatic|expressive",
    "emotion_optimistic_dark": r"dark(?:er)?|gloom(?:y|ier)|sombre",
    "emotion_low_high_energy": r"high|energetic|lively|livelier",
    "emotion_honest_imaginative": r"imaginative",
    "interpretation_unsatisfactory_convincing": r"convincing|persuasive",
}
_ALONE = frozenset(("low", "high", "little", "small", "large", "even", "light", "full", "plain"))
"""Everyday words that name a pole only beside the dimension's own name."""


@dataclass(frozen=True)
class Mention:
    """A dimension named in a text; several ``keys`` where the words fit several dimensions."""

    start: int
    end: int
    keys: tuple[str, ...]


@dataclass(frozen=True)
class PoleNamed:
    """Words for a pole, each reading a (key, side)."""

    start: int
    end: int
    words: str
    readings: tuple[tuple[str, Side], ...]


def exact_topics(text: str) -> list[Mention]:
    """Dimensions named by their key, their topic or one of their two full names."""
    return _found(_exact(), text)


def topics(text: str) -> list[Mention]:
    """Dimensions named in any words, the exact ones first of all."""
    exact = exact_topics(text)
    loose = [
        m
        for m in _found(_loose(), text)
        if not any(m.start < e.end and e.start < m.end for e in exact)
    ]
    return sorted([*exact, *loose], key=lambda mention: mention.start)


def poles(text: str) -> list[PoleNamed]:
    """Every word or phrase that says a pole, longest first where they overlap."""
    taken: list[PoleNamed] = []
    for match in _pole_pattern().finditer(text):
        words = match.group().lower()
        taken.append(PoleNamed(match.start(), match.end(), words, _readings(words)))
    return taken


def says_pole(text: str, start: int = 0) -> bool:
    return _pole_pattern().search(text, start) is not None


def only_beside_its_name(words: str) -> bool:
    return words in _ALONE


def phrases(key: str, side: Side) -> tuple[str, ...]:
    """How the house itself names a pole, longest first."""
    scale = SCALES[key]
    whole = pole(key, side)
    return tuple(dict.fromkeys((scale.name(side).lower(), whole, *whole.split(", "))))


def _found(pattern: tuple[re.Pattern[str], dict[str, tuple[str, ...]]], text: str) -> list[Mention]:
    found = []
    for match in pattern[0].finditer(text):
        names = pattern[1]
        words = match.group().lower()
        keys = names.get(words) or tuple(
            key for key in ALL_KEYS if re.fullmatch(_TOPICS[key], words)
        )
        found.append(Mention(match.start(), match.end(), keys))
    return found


@cache
def _exact() -> tuple[re.Pattern[str], dict[str, tuple[str, ...]]]:
    names: dict[str, tuple[str, ...]] = {}
    for key, scale in SCALES.items():
        for name in (key, scale.topic, scale.left, scale.right):
            names[name] = (*names.get(name, ()), key)
            names[name.replace("colourful", "colorful")] = names[name]
    return _any_of(sorted(names, key=len, reverse=True)), names


@cache
def _loose() -> tuple[re.Pattern[str], dict[str, tuple[str, ...]]]:
    joined = "|".join(_TOPICS[key] for key in ALL_KEYS)
    return re.compile(rf"\b(?:{joined})\b", re.IGNORECASE), {}


def _any_of(names: Iterable[str]) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, names))})\b", re.IGNORECASE)


@cache
def pole_phrases() -> tuple[str, ...]:
    """The house's own names of poles, longest first."""
    sides: tuple[Side, ...] = ("left", "right")
    said = {p for key in ALL_KEYS for side in sides for p in phrases(key, side)}
    said |= {p.replace("colourful", "colorful") for p in said}
    return tuple(sorted(said, key=len, reverse=True))


def ends_of_phrases() -> frozenset[str]:
    """The last words of what says a pole in several words."""
    looser = "|".join((*_LEFT.values(), *_RIGHT.values()))
    whole = (phrase.split()[-1] for phrase in pole_phrases())
    return frozenset((*whole, *re.findall(r" (\w+)", looser)))


@cache
def _pole_pattern() -> re.Pattern[str]:
    whole = "|".join(map(re.escape, pole_phrases()))
    words = "|".join((*_LEFT.values(), *_RIGHT.values()))
    return re.compile(rf"(?<![\w-])(?:{whole}|{words})(?![\w-])", re.IGNORECASE)


@cache
def _readings(words: str) -> tuple[tuple[str, Side], ...]:
    plain = words.replace("colorful", "colourful")
    sides: tuple[Side, ...] = ("left", "right")
    said: list[tuple[str, Side]] = [
        (key, side) for key in ALL_KEYS for side in sides if plain in phrases(key, side)
    ]
    lists: tuple[tuple[Side, dict[str, str]], ...] = (("left", _LEFT), ("right", _RIGHT))
    said += [
        (key, side)
        for side, table in lists
        for key, pattern in table.items()
        if re.fullmatch(pattern, words) and (key, side) not in said
    ]
    return tuple(said)
