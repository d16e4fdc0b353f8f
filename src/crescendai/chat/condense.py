"""Shortens a conversation that outgrows the model's window.

The latest messages stay word for word in three quarters of the budget. Of the earlier ones a digest
stays in the rest, the newest first: what the person said of their aims and limits, and what they
were advised to practise. The recording in question is named beside it, in the system message.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from crescendai.chat.brief import Said
from crescendai.ports.language_model import CHARS_A_TOKEN

_VERBATIM_SHARE = 0.75
_MOST_CHARS = 300  # of one sentence of the digest
_SENTENCE = re.compile(r"(?<=[.!?…])\s+|\n+")
_AIMS = re.compile(
    r"\b(goals?|aim|want|wish|hope|prepar\w+|exam\w*|concert|recital|audition|competition|lesson"
    r"|minutes|hours?|a day|a week|small hands?|pain\w*|hurts?|injur\w+|tendon\w*|can't|cannot"
    r"|struggl\w+|beginner|teacher|recordings?|piece)\b",
    re.IGNORECASE,
)
_ADVICE = re.compile(
    r"\b(practi[sc]e|try|play|repeat|slow\w*|metronome|hands separately|bars?|times|focus|next"
    r"|minutes|stop|doctor|physiotherapist)\b",
    re.IGNORECASE,
)
_HEADINGS = {
    "user": "Earlier in this conversation the person said:",
    "assistant": "Earlier in this conversation you advised:",
}


def condense(history: Sequence[Said], tokens: int) -> tuple[str, Sequence[Said]]:
    """A digest of the earlier messages, empty if all fit, and the latest ones whole."""
    budget = tokens * CHARS_A_TOKEN
    if _chars(history) <= budget:
        return "", history
    kept = len(history)
    while kept and _chars(history[kept - 1 :]) <= budget * _VERBATIM_SHARE:
        kept -= 1
    room = budget - _chars(history[kept:])
    return _digest(history[:kept], room), history[kept:]


def _digest(earlier: Sequence[Said], room: int) -> str:
    """Aims before advice, since nothing else remembers them."""
    parts = []
    for role, telling, share in (("user", _AIMS, 0.5), ("assistant", _ADVICE, 1.0)):
        lines = _newest(earlier, role, telling, round(room * share) - len(_HEADINGS[role]))
        if lines:
            parts.append("\n".join([_HEADINGS[role], *lines]))
            room -= len(parts[-1]) + 2
    return "\n\n".join(parts)


def _newest(earlier: Sequence[Said], role: str, telling: re.Pattern[str], room: int) -> list[str]:
    """The newest telling sentences that there is room for, each once, in the order of the talk."""
    lines: list[str] = []
    for said in reversed(earlier):
        if said.role != role:
            continue
        for sentence in reversed(_SENTENCE.split(said.content)):
            line = f"- {sentence.strip(' -*•')[:_MOST_CHARS]}"
            if not telling.search(sentence) or line in lines:
                continue
            room -= len(line) + 1
            if room < 0:
                return lines[::-1]
            lines.append(line)
    return lines[::-1]


def _chars(history: Sequence[Said]) -> int:
    return sum(len(said.content) for said in history)
