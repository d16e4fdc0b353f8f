"""The nineteen scales in a teacher's words.

``left`` and ``right`` name the playing at either pole; ``hears_left`` and ``hears_right`` say what
a listener hears there. ``wish`` is the pole that most teachers wish for in most music; for the
other scales it depends on the piece alone. ``too_left`` and ``too_right`` are the words (regular
expressions) by which an exercise names the fault it cures at either pole. None of this adds
to what a score says.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from crescendai.music.dimensions import BY_KEY, WISHED

Side: TypeAlias = Literal["left", "right"]


_WITHOUT = re.compile(r"\bwithout\b.*")


@dataclass(frozen=True)
class Scale:
    topic: str
    left: str
    right: str
    hears_left: str
    hears_right: str
    wish: Side | None = None
    too_left: str = ""
    too_right: str = ""

    def name(self, side: Side) -> str:
        return self.left if side == "left" else self.right

    def hears(self, side: Side) -> str:
        return self.hears_left if side == "left" else self.hears_right

    def suits(self, side: Side, purpose: str | None) -> bool:
        """Whether an exercise is for playing on this side, or at least not for the other."""
        fault = self.too_right if side == "left" else self.too_left
        aim = _WITHOUT.sub("", purpose or "")
        return not fault or re.search(rf"\b(?:{fault})", aim, re.IGNORECASE) is None


_IN_WORDS: dict[str, Scale] = {
    "timing_stable_unstable": Scale(
        "timing",
        "stable timing",
        "unstable timing",
        "A listener can tap along and know where the next beat falls.",
        "The beat stretches and hurries, so a listener tapping along would lose it.",
    ),
    "articulation_short_long": Scale(
        "note length",
        "short articulation",
        "long articulation",
        "The notes are let go early, with air between them.",
        "The notes are held on and joined to one another.",
        too_left="chopp|gaps?",
        too_right="sticky|smear",
    ),
    "articulation_soft_hard": Scale(
        "attack",
        "soft, cushioned articulation",
        "hard, solid articulation",
        "The notes begin gently, without an edge.",
        "The notes begin with a hard edge.",
        too_right="slap|bang|harsh",
    ),
    "pedal_sparse_saturated": Scale(
        "amount of pedal",
        "sparse, dry pedalling",
        "saturated, wet pedalling",
        "The sound is dry, with little pedal around it.",
        "The sound is wet, with a lot of pedal around it.",
    ),
    "pedal_clean_blurred": Scale(
        "pedal clarity",
        "clean pedalling",
        "blurred pedalling",
        "One harmony is gone before the next one sounds.",
        "One harmony hangs over into the next.",
    ),
    "timbre_even_colorful": Scale(
        "variety of tone colour",
        "even timbre",
        "colourful timbre",
        "The tone keeps to one colour.",
        "The tone changes colour along the way.",
    ),
    "timbre_shallow_rich": Scale(
        "fullness of tone",
        "shallow timbre",
        "rich timbre",
        "The tone is thin, without much body below it.",
        "The tone is full and has body.",
    ),
    "timbre_bright_dark": Scale(
        "brightness of tone",
        "bright timbre",
        "dark timbre",
        "The tone is bright.",
        "The tone is dark.",
        too_left="harsh|tinny",
        too_right="unintentionally dark|heavy",
    ),
    "timbre_soft_loud": Scale(
        "loudness",
        "soft timbre",
        "loud timbre",
        "The playing keeps to the soft side.",
        "The playing keeps to the loud side.",
    ),
    "dynamic_sophisticated_raw": Scale(
        "refinement of dynamics",
        "sophisticated, mellow dynamics",
        "raw, crude dynamics",
        "Louder and softer are finely graded, and the loud notes stay mellow.",
        "Louder and softer come abruptly, and the loud notes sound rough.",
    ),
    "dynamic_range_little_large": Scale(
        "dynamic range",
        "little dynamic range",
        "large dynamic range",
        "The softest and the loudest moments lie close together.",
        "The softest and the loudest moments lie far apart.",
    ),
    "music_making_fast_slow": Scale(
        "pace",
        "fast-paced playing",
        "slow-paced playing",
        "The music presses on.",
        "The music takes its time.",
        too_left="hurry|rush",
        too_right="drag",
    ),
    "music_making_flat_spacious": Scale(
        "sense of space",
        "flat playing",
        "spacious playing",
        "Melody and accompaniment lie on one plane.",
        "There is depth between melody and accompaniment, and room around the phrases.",
    ),
    "music_making_disproportioned_balanced": Scale(
        "balance of the parts",
        "disproportioned playing",
        "balanced playing",
        "Parts and phrases do not yet stand in proportion to one another.",
        "Parts and phrases stand in proportion to one another.",
    ),
    "music_making_pure_dramatic": Scale(
        "drama",
        "pure playing",
        "dramatic playing",
        "The music is told plainly.",
        "The music is told as a drama.",
    ),
    "emotion_optimistic_dark": Scale(
        "mood",
        "optimistic playing",
        "dark playing",
        "The mood is light and pleasant.",
        "The mood is dark.",
        too_right="gloomy|heavy",
    ),
    "emotion_low_high_energy": Scale(
        "energy",
        "low energy",
        "high energy",
        "The playing is calm, low in energy.",
        "The playing is full of energy.",
        too_right="restless|over-driven",
    ),
    "emotion_honest_imaginative": Scale(
        "imagination",
        "honest playing",
        "imaginative playing",
        "The music is given straightforwardly, as it stands.",
        "The music is full of ideas of the player's own.",
    ),
    "interpretation_unsatisfactory_convincing": Scale(
        "interpretation as a whole",
        "an unsatisfactory interpretation",
        "a convincing interpretation",
        "As a whole the interpretation does not persuade a listener yet.",
        "As a whole the interpretation persuades.",
    ),
}

SCALES = {key: replace(scale, wish=WISHED.get(key)) for key, scale in _IN_WORDS.items()}


def scale(key: str) -> Scale:
    return SCALES[key]


def pole(key: str, side: Side) -> str:
    """The pole as an adjective: ``clearly blurred``, ``towards sparse, dry``."""
    known = BY_KEY[key]
    return (known.left if side == "left" else known.right).replace("colorful", "colourful")


def opposite(side: Side) -> Side:
    return "right" if side == "left" else "left"
