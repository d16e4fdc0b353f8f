"""What somebody wants, by rules. The first rule that fits decides."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from crescendai.chat.brief import Said
from crescendai.chat.tutor.vocabulary import dimensions_in, is_about_music

Kind: TypeAlias = Literal[
    "pain",
    "greeting",
    "thanks",
    "introduction",
    "context",
    "scores",
    "wrong_notes",
    "compare",
    "plan",
    "moment",
    "next",
    "explain",
    "overview",
    "how_to",
    "question",
    "unclear",
]
Extreme: TypeAlias = Literal["strongest", "weakest", "unusual"]


@dataclass(frozen=True)
class Intent:
    """``keys`` are dimension keys; ``minutes`` a stated time; ``again`` asks for another."""

    kind: Kind
    keys: tuple[str, ...] = ()
    extreme: Extreme = "unusual"
    minutes: int | None = None
    again: bool = False


def _rule(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


_PAIN = _rule(
    r"\b(?:pain|painful|hurts?|hurting|ache[sd]?|aching|sore(?:ness)?|numb(?:ness)?|tingl\w+|"
    r"tendon\w*|tendinitis|carpal|rsi|injur\w+|swollen|cramp\w*|strained)\b"
)
_NOT_PAIN = _rule(r"\bpainful(?:ly)? (?:to (?:hear|listen)|slow)|\bears? hurt")
_HELLO = _rule(
    r"^\s*(?:hi|hello|hey|hallo|good (?:morning|afternoon|evening)|greetings)"
    r"(?: there| teacher| tutor)?\b[\s,.!]*"
)
_THANKS = _rule(r"\b(?:thanks|thank you|thx|cheers|bye|goodbye|see you)\b")
_WHO = _rule(
    r"\bwho are you|what (?:can|do) you do|how (?:do|can) you (?:work|help)|what are you\b"
    r"|^\s*help\s*[.!?]*$"
)
_CONTEXT = _rule(
    r"\b(?:my goals?|my constraints|my context|know about me|my level|my repertoire)\b.*\?"
    r"|what do you know about me"
)
_SCORES = _rule(
    r"\bwhat (?:does|do|is) (?:a|the|these|those|my)? ?(?:scores?|numbers?|intervals?|0\.\d+)\b.*"
    r"\b(?:mean|of)\b|\bis (?:a |an )?(?:score of )?0?\.\d+ (?:good|bad|ok|high|low)"
    r"|\b(?:good|bad|perfect|highest|best) scores?\b|\b80 ?% interval"
)
_WRONG_NOTES = _rule(
    r"\b(?:can|do|did|could) you (?:hear|find|count|tell|spot)\b.*\b(?:notes?|mistakes)\b"
    r"|\bdid i (?:play|hit|make)\b.*\b(?:notes?|mistakes)\b|\bhow many (?:wrong notes|mistakes)"
)
_COMPARE = _rule(
    r"\b(?:compar\w+|versus|vs|side by side|last two|two (?:recordings|takes|versions)|"
    r"(?:better|worse|different) than (?:before|last|the (?:first|last|previous))|"
    r"(?:have|has|did|am) i (?:been )?(?:improv\w+|got(?:ten)? better|getting better|progress\w*)|"
    r"my progress)\b"
)
_PLAN = _rule(
    r"\b(?:plan\w*|schedule|routine|timetable|organi[sz]e)\b.*\b(?:practi[sc]\w+|week|days?|"
    r"minutes|session|time|month)\b"
    r"|\b(?:practi[sc]\w+|weekly|week's|daily) (?:plan|schedule|routine)\b|\bplan (?:my|a|the)\b"
    r"|\b\d{1,3}[- ]?min(?:ute)?s?\b.*\b(?:day|today|practi[sc]\w+|only|have)\b"
    r"|\b(?:have|only|got) (?:about |only )?\d{1,3}[- ]?min|\bhow long should i practi[sc]e"
)
_MINUTES = _rule(r"\b(\d{1,3})[- ]?min(?:ute)?s?\b")
_HOURS = _rule(r"\b(half an|an|one|two|1|2)[- ]hours?\b( and a half)?")
_HOUR_MINUTES = {"half an": 30, "an": 60, "one": 60, "1": 60, "two": 120, "2": 120}
_NEXT = _rule(
    r"\b(?:what|which|where|tell me what)\b.*\b(?:practi[sc]e|work on|focus|improve|fix|start|"
    r"next|do now|change|concentrate)\b|\bnext step|^\s*(?:what|and) next\b|what now"
)
_PLACE = r"(?:moments?|parts?|bars?|passages?|sections?|places?|seconds|spots?|points?|bits?)"
_STRONG = _rule(
    rf"\bmy (?:strongest|best)\b|\b(?:strongest|best|nicest|most (?:convincing|beautiful)) "
    rf"{_PLACE}"
    r"|\bhighlights?\b|\bstrongest\b"
)
_WEAK = _rule(
    rf"\bmy (?:weakest|worst)\b|\b(?:weakest|worst|problem|trouble) {_PLACE}|\bweakest\b"
    r"|\bgoes wrong\b|\bfalls? apart\b"
)
_MOMENT = _rule(
    r"\b(?:moments?|which (?:part|bars?|passage|section|seconds)|at what (?:time|point)|"
    r"where (?:do|did|am|is|does|was|in)|when (?:do|did|am|is|does)|most noticeable)\b"
)
_STANDS_OUT = _rule(
    r"\bstands? out\b|\bmost (?:unusual|striking|different)\b|\b(?:which|what) moment"
)
_MINE = _rule(
    r"\b(?:my|mine|i|i'm|score[sd]?|rating|so (?:high|low)|0\.\d+|did i|am i|do i|is it|was it)\b"
)
_WHY = _rule(
    r"\b(?:why|scores?|scored|rating|rated|result|so (?:high|low)|0\.\d+|did i|am i|was i|do i|"
    r"(?:is|was|wrong with|what about|tell me about|explain|that|and) my|and the)\b"
)
_ASKS_HOW = _rule(r"\bhow (?:do|can|should|to|would|could)\b|\bway to\b|\bdo i (?:need|have)\b")
_HOW = _rule(
    r"\b(?:how (?:do|can|should|to|would|could|might)|way to|exercises?|drills?|tips?|help me|"
    r"fix\w*|improv\w+|practi[sc]\w+|get (?:better|rid)|avoid|learn|stop \w+ing|work on|"
    r"stud(?:y|ies)|what can i do|can(?:'|’)?t|cannot|struggl\w+|trouble with|problems? with|"
    r"weak|stiff|clumsy)\b"
)
_OVERVIEW = _rule(
    r"\b(?:how (?:was|is|did) (?:it|i|that|this|my (?:playing|recording|performance))|"
    r"what do you (?:think|hear)|feedback|assess\w*|review|evaluate|listen to (?:my|this)|"
    r"(?:my|the) (?:scores?|results?|analysis)|overview|summar\w+|"
    r"how (?:do|did) i (?:play|sound|do))\b"
)
_AGAIN = _rule(r"\b(?:another|a different|different one|something else|other exercise|one more)\b")
_YES = _rule(
    r"^\s*(?:yes|yes please|yeah|sure|ok(?:ay)?|please|go on|go ahead|please do|more)\b[\s.!]*$"
)
_FOLLOW_UP = _rule(
    r"^\s*(?:why|how|how so|tell me more|more|and\b.*|what about\b.*|which)\s*[?.!]*$"
)


def read_intent(message: str, history: Sequence[Said] = ()) -> Intent:
    """What the message asks for. A short follow-up takes its topic from what was said before."""
    if _PAIN.search(message) and not _NOT_PAIN.search(message):
        return Intent("pain")
    text = _HELLO.sub("", message, count=1)
    if not text.strip():
        return Intent("greeting")
    words = text.split()
    if _THANKS.search(text) and len(words) <= 8 and "?" not in text:
        return Intent("thanks")
    keys = dimensions_in(text)
    if len(words) <= 6 and history and not keys:
        follow_up = _follow_up(text, history)
        if follow_up is not None:
            return follow_up
    return _first_rule(text, keys, short=len(words) <= 2)


def _first_rule(text: str, keys: tuple[str, ...], *, short: bool) -> Intent:
    minutes = _minutes(text)
    if _WHO.search(text):
        return Intent("introduction")
    if _CONTEXT.search(text):
        return Intent("context")
    if _WRONG_NOTES.search(text):
        return Intent("wrong_notes")
    if _SCORES.search(text) and not keys:
        return Intent("scores")
    if _COMPARE.search(text) and not (keys and "between" in text.lower()):
        return Intent("compare", keys)
    if _PLAN.search(text):
        return Intent("plan", keys, minutes=minutes)
    superlative = _STRONG.search(text) or _WEAK.search(text) or _STANDS_OUT.search(text)
    if superlative or (_MOMENT.search(text) and _MINE.search(text)):
        return Intent("moment", keys, _extreme(text))
    if _NEXT.search(text) and not keys and not _ASKS_HOW.search(text):
        return Intent("next", minutes=minutes)
    if keys and _WHY.search(text) and not _ASKS_HOW.search(text):
        return Intent("explain", keys)
    if _HOW.search(text) and (keys or is_about_music(text)) and not _OVERVIEW.search(text):
        return Intent("how_to", keys, again=bool(_AGAIN.search(text)))
    if _OVERVIEW.search(text):
        return Intent("overview")
    if short and not keys and not is_about_music(text):
        return Intent("unclear")
    return Intent("question", keys)


def _follow_up(text: str, history: Sequence[Said]) -> Intent | None:
    before = [said.content for said in reversed(history)]
    keys = next((found for line in before if (found := dimensions_in(line))), ())
    answered = next((said.content for said in reversed(history) if said.role == "assistant"), "")
    if _YES.search(text):
        return Intent("how_to", keys) if keys and "exercise" in answered[-200:] else None
    if _AGAIN.search(text) and keys:
        return Intent("how_to", keys, again=True)
    if _FOLLOW_UP.search(text) and keys:
        return Intent("how_to" if text.lower().lstrip().startswith("how") else "explain", keys)
    return None


def _extreme(text: str) -> Extreme:
    if _WEAK.search(text):
        return "weakest"
    return "strongest" if _STRONG.search(text) else "unusual"


def _minutes(text: str) -> int | None:
    """A practice time named in the text, in minutes."""
    stated = _MINUTES.search(text)
    if stated:
        return int(stated.group(1)) or None
    hours = _HOURS.search(text)
    if hours is None:
        return None
    return _HOUR_MINUTES[hours.group(1).lower()] + (30 if hours.group(2) else 0)


def minutes_in(lines: Sequence[str]) -> int | None:
    """The first practice time named in any of the lines."""
    return next((found for line in lines if (found := _minutes(line))), None)
