"""What somebody wants, by rules. The first rule that fits decides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from crescendai.chat.brief import Said
from crescendai.chat.tutor import patterns
from crescendai.chat.tutor.spelling import spelt
from crescendai.chat.tutor.vocabulary import content_words, dimensions_in, is_about_music
from crescendai.evidence import german_scales

Kind: TypeAlias = Literal[
    "pain",
    "greeting",
    "thanks",
    "introduction",
    "context",
    "scores",
    "wrong_notes",
    "others",
    "compare",
    "plan",
    "moment",
    "next",
    "explain",
    "overview",
    "how_to",
    "question",
    "tempo",
    "mark",
    "occasion",
    "repertoire",
    "stuck",
    "acknowledged",
    "unclear",
]
Extreme: TypeAlias = Literal["strongest", "weakest", "unusual"]


@dataclass(frozen=True)
class Intent:
    """``keys`` are dimension keys; ``minutes`` a stated time; ``again`` asks for another.

    ``at_sec`` is a place in the recording.
    """

    kind: Kind
    keys: tuple[str, ...] = ()
    extreme: Extreme = "unusual"
    minutes: int | None = None
    again: bool = False
    at_sec: int | None = None


def read_intent(message: str, history: Sequence[Said] = ()) -> Intent:
    """What the message asks for. A short follow-up takes its topic from what was said before."""
    if names_pain(message):
        return Intent("acknowledged" if _is_over(message, history) else "pain")
    text = patterns.HELLO.sub("", message, count=1)
    if not text.strip():
        return Intent("greeting")
    words = text.split()
    if patterns.THANKS.search(text) and len(words) <= 8 and "?" not in text:
        return Intent("thanks")
    keys = dimensions_in(text)
    if clock := patterns.CLOCK.search(text):
        return Intent("moment", keys, at_sec=int(clock.group(1)) * 60 + int(clock.group(2)))
    if history and not keys and len(words) <= 8 and patterns.DID_NOT_WORK.search(text):
        return Intent("stuck", _topic_so_far(history), again=True)
    if len(words) <= 6 and history and not keys:
        follow_up = _follow_up(text, history)
        if follow_up is not None:
            return follow_up
    return _first_rule(text, keys, short=len(words) <= 2)


def names_pain(message: str) -> bool:
    """Also with a slip of spelling: of pain it is better to speak once too often."""
    read = spelt(message)
    return patterns.PAIN.search(read) is not None and patterns.NOT_PAIN.search(read) is None


def _is_over(message: str, history: Sequence[Said]) -> bool:
    return hurt_before(history) and patterns.GONE.search(message) is not None


def hurt_before(history: Sequence[Said]) -> bool:
    """Whether pain was named earlier in the conversation, and not said to be over since."""
    hurts = False
    for said in history:
        if said.role != "user":
            continue
        if names_pain(said.content):
            hurts = not patterns.GONE.search(said.content)
        elif patterns.GONE.search(said.content):
            hurts = False
    return hurts


def asks_to_play(intent: Intent) -> bool:
    """Whether the answer would send the person to the keys."""
    return intent.kind in ("next", "how_to", "plan", "stuck", "occasion")


def _first_rule(text: str, keys: tuple[str, ...], *, short: bool) -> Intent:
    minutes = _minutes(text)
    if patterns.WHO.search(text):
        return Intent("introduction")
    if patterns.OTHERS.search(text) or patterns.NAMED_OTHER.search(text):
        return Intent("others")
    if patterns.CONTEXT.search(text):
        return Intent("context")
    if patterns.WRONG_NOTES.search(text):
        return Intent("wrong_notes")
    if patterns.SCORES.search(text) and not keys:
        return Intent("scores")
    if patterns.PACE.search(text):
        return Intent("tempo", keys)
    if patterns.MARK.search(text):
        return Intent("mark")
    if patterns.COMPARE.search(text) and not (keys and "between" in text.lower()):
        return Intent("compare", keys)
    if patterns.OCCASION.search(text) and not keys:
        return Intent("occasion", minutes=minutes)
    if patterns.REPERTOIRE.search(text) and not keys:
        return Intent("repertoire")
    if patterns.PLAN.search(text):
        return Intent("plan", keys, minutes=minutes)
    if patterns.START.search(text) and not keys:
        return Intent("next", minutes=minutes)
    superlative = (
        patterns.STRONG.search(text)
        or patterns.WEAK.search(text)
        or patterns.STANDS_OUT.search(text)
    )
    if superlative or (patterns.MOMENT.search(text) and patterns.MINE.search(text)):
        return Intent("moment", keys, _extreme(text))
    if patterns.NEXT.search(text) and not keys and not patterns.ASKS_HOW.search(text):
        return Intent("next", minutes=minutes)
    if keys and patterns.WHY.search(text) and not patterns.ASKS_HOW.search(text):
        return Intent("explain", keys)
    if _is_bare(text, keys):
        return Intent("next", minutes=minutes)
    if (
        patterns.HOW.search(text)
        and (keys or is_about_music(text))
        and not patterns.OVERVIEW.search(text)
    ):
        return Intent("how_to", keys, again=bool(patterns.AGAIN.search(text)))
    if patterns.OVERVIEW.search(text):
        return Intent("overview")
    if short and not keys and not is_about_music(text):
        return Intent("unclear")
    return Intent("question", keys)


def _follow_up(text: str, history: Sequence[Said]) -> Intent | None:
    keys = _topic_so_far(history)
    answered = next((said.content for said in reversed(history) if said.role == "assistant"), "")
    if patterns.YES.search(text):
        offer = answered.rsplit("\n", 1)[-1]
        keys = dimensions_in(offer) or keys
        if keys and ("exercise" in offer or "Übung" in offer):
            return Intent("how_to", keys, again=True)
        return Intent("acknowledged") if patterns.OK.search(text) else None
    if keys and (patterns.AGAIN.search(text) or _is_bare(text, ())):
        return Intent("how_to", keys, again=True)
    if patterns.FOLLOW_UP.search(text) and keys:
        return Intent("how_to" if text.lower().lstrip().startswith("how") else "explain", keys)
    return None


def _topic_so_far(history: Sequence[Said]) -> tuple[str, ...]:
    return next((found for said in reversed(history) if (found := _topic(said))), ())


def _topic(said: Said) -> tuple[str, ...]:
    """What was spoken of. An answer's subject is what it names first, but not in an exercise."""
    if said.role == "assistant" and (topics := german_scales.topics_in(said.content)):
        return topics[:1]
    found = () if said.content.startswith("**") else dimensions_in(said.content)
    return found if said.role == "user" else found[:1]


def _is_bare(text: str, keys: Sequence[str]) -> bool:
    """Whether it asks for help and does not say with what."""
    subject = set(content_words(text)) - patterns.BARE
    return bool(patterns.HOW.search(text)) and not keys and not subject


def _extreme(text: str) -> Extreme:
    if patterns.WEAK.search(text):
        return "weakest"
    return "strongest" if patterns.STRONG.search(text) else "unusual"


def _minutes(text: str) -> int | None:
    """A practice time named in the text, in minutes."""
    stated = patterns.MINUTES.search(text)
    if stated:
        return int(stated.group(1)) or None
    hours = patterns.HOURS.search(text)
    if hours is None:
        return None
    return patterns.HOUR_MINUTES[hours.group(1).lower()] + (30 if hours.group(2) else 0)


def minutes_in(lines: Sequence[str]) -> int | None:
    """The first practice time named in any of the lines."""
    return next((found for line in lines if (found := _minutes(line))), None)
