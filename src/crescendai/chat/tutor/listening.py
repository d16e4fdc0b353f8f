"""What the tutor does before it can speak of a recording: hear it, name it, point into it."""

from __future__ import annotations

from collections.abc import Sequence

from crescendai.chat.tutor.desk import Desk
from crescendai.chat.tutor.material import Finding, Moment
from crescendai.chat.tutor.phrases import (
    number,
    stretch,
)
from crescendai.recordings.schemas import Analysis

NOTICEABLE = 0.35  # half-widths of the interval by which a window must differ


async def heard(desk: Desk) -> Analysis | None:
    """The analysis that the turn is about; None after telling the person why there is none."""
    if desk.brief.recording_id is None:
        desk.say(
            "I haven't heard you play yet, so I can't say. Upload a recording, even a minute from "
            "a phone, and ask me again."
        )
        return None
    analysis = await desk.analysis(desk.brief.recording_id)
    if analysis is None:
        desk.say(f"I can't tell you yet. {desk.refusal}")
    return analysis


def named(desk: Desk, analysis: Analysis) -> str:
    name = desk.filename(analysis.recording_id)
    return f"“{name}”" if name else "your recording"


def most_telling(desk: Desk, analysis: Analysis, keys: Sequence[str]) -> list[Finding]:
    """Findings of those keys, strongest first."""
    return [finding for finding in desk.ear.findings(analysis) if finding.key in keys]


async def latest_on(desk: Desk, keys: Sequence[str]) -> Finding | None:
    if not keys or desk.brief.recording_id is None:
        return None
    analysis = await desk.analysis(desk.brief.recording_id)
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
