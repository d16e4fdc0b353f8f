"""What the tutor does before it can speak of a recording: hear it, name it, point into it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from uuid import UUID

from crescendai.chat.brief import HeardRecording
from crescendai.chat.tutor.desk import Desk
from crescendai.chat.tutor.material import Finding, Moment
from crescendai.chat.tutor.phrases import stretch
from crescendai.kit.prose import number
from crescendai.recordings.schemas import Analysis

_NAMES_PIECE = re.compile(
    r"preludes?|fugues?|arias?|sonat\w+|nocturnes?|waltz\w*|mazurkas?|etudes?|études?|ballades?|"
    r"scherz\w+|impromptus?|inventions?|sinfonias?|suites?|minuets?|menuets?|sarabandes?|gigues?|"
    r"variations?|concertos?|rondos?|toccatas?|fantas\w+|rhapsod\w+|intermezz\w+|scales?|goldberg"
)
_IN_ENGLISH = {
    "fuge": "fugue",
    "präludium": "prelude",
    "praeludium": "prelude",
    "prélude": "prelude",
    "sonate": "sonata",
    "walzer": "waltz",
    "etüde": "etude",
    "étude": "etude",
    "menuett": "minuet",
    "menuet": "minuet",
    "tonleiter": "scale",
    "tonleitern": "scale",
}
NOTICEABLE = 0.35  # half-widths of the interval by which a window must differ


async def heard(desk: Desk) -> Analysis | None:
    """The analysis that the turn is about; None after telling the person why there is none."""
    recording_id = asked_for(desk)
    if recording_id is None:
        desk.say(
            "I haven't heard you play yet, so I can't say. Upload a recording, even a minute from "
            "a phone, and ask me again."
        )
        return None
    analysis = await desk.analysis(recording_id)
    if analysis is None:
        desk.say(f"I can't tell you yet. {desk.refusal}")
    return analysis


def asked_for(desk: Desk) -> UUID | None:
    """The recording that the message names, by its piece too ("my fugue"), else the one in view."""
    in_view = desk.brief.recording_id
    named = [recording.recording_id for recording in named_in_message(desk)]
    return in_view if in_view in named or not named else named[0]


def named_in_message(desk: Desk) -> list[HeardRecording]:
    """The recordings that the message names: by id or file name, else by a word of the name."""
    message, heard = f"{desk.asked} {desk.brief.message}".lower(), desk.brief.recordings
    exact = [r for r in heard if _has(message, _stem(r)) or str(r.recording_id) in message]
    if exact:
        return exact
    pieces = set(_pieces(message))
    return [r for r in heard if not pieces.isdisjoint(piece_of(r))]


def piece_of(recording: HeardRecording) -> tuple[str, ...]:
    """The words of a file name that say what is played."""
    return _pieces(_stem(recording))


def _pieces(text: str) -> tuple[str, ...]:
    words = [_IN_ENGLISH.get(word, word) for word in re.findall(r"[a-zà-ÿ]{4,}", text)]
    return tuple(word.removesuffix("s") for word in words if _NAMES_PIECE.fullmatch(word))


def _stem(recording: HeardRecording) -> str:
    return recording.filename.lower().rsplit(".", 1)[0]


def _has(message: str, name: str) -> bool:
    return len(name) > 2 and re.search(rf"(?<!\w){re.escape(name)}(?!\w)", message) is not None


def named(desk: Desk, analysis: Analysis) -> str:
    name = desk.filename(analysis.recording_id)
    return f"“{name}”" if name else "your recording"


def most_telling(desk: Desk, analysis: Analysis, keys: Sequence[str]) -> list[Finding]:
    """Findings of those keys, strongest first."""
    return [finding for finding in desk.ear.findings(analysis) if finding.key in keys]


async def latest_on(desk: Desk, keys: Sequence[str]) -> Finding | None:
    recording_id = asked_for(desk)
    if not keys or recording_id is None:
        return None
    analysis = await desk.analysis(recording_id)
    found = most_telling(desk, analysis, keys) if analysis is not None else []
    return found[0] if found and found[0].certainty != "middle" else None


def where_to_hear(moments: Sequence[Moment], finding: Finding) -> str:
    """The windows furthest to either side, if they differ enough to be heard."""
    with_it = [m for m in moments if m.side == finding.side and m.strength >= NOTICEABLE]
    against = [m for m in moments if m.side != finding.side and m.strength >= NOTICEABLE]
    if with_it and against:
        return (
            f"Listen to {stretch(with_it[0].timestamp)}, where it goes furthest "
            f"({number(with_it[0].value)}), and then to {stretch(against[0].timestamp)}, where it "
            f"is nearest to {against[0].pole} ({number(against[0].value)})."
        )
    if with_it:
        at = with_it[0]
        return f"You hear it most at {stretch(at.timestamp)} ({number(at.value)})."
    if against:
        at = against[0]
        return (
            f"The exception is {stretch(at.timestamp)} ({number(at.value)}), which is nearer to "
            f"{at.pole}."
        )
    return "It stays much the same from beginning to end." if moments else ""
