"""Practice time shared out over what needs it most."""

from __future__ import annotations

from collections.abc import Sequence

from crescendai.chat.tutor.desk import Desk
from crescendai.chat.tutor.exercises import (
    exercise_for,
    worth_working_on,
)
from crescendai.chat.tutor.intents import Intent, minutes_in
from crescendai.chat.tutor.listening import (
    NOTICEABLE,
    asked_for,
    named,
)
from crescendai.chat.tutor.material import Finding
from crescendai.chat.tutor.phrases import briefly, source, stretch
from crescendai.kit.prose import listed
from crescendai.recordings.schemas import Analysis

USUAL_MINUTES = 20
SESSIONS = (10, 20, 45)  # minutes that teachers plan for


async def plan(desk: Desk, intent: Intent) -> None:
    """Practice time shared out over the two things that need it most."""
    known = await desk.context()
    recording_id = asked_for(desk)
    analysis = await desk.analysis(recording_id) if recording_id is not None else None
    minutes = intent.minutes or minutes_in(known.constraints) or USUAL_MINUTES
    if analysis is None:
        desk.say(
            f"I haven't heard you yet, so this is a plan for {minutes} minutes without a subject; "
            "upload a recording, and I can say what belongs in it."
        )
    else:
        work = worth_working_on(desk, analysis, known)
        if intent.keys:
            work = [*[f for f in work if f.key in intent.keys], *work]
        _write_plan(desk, list(dict.fromkeys(work))[:2], minutes, analysis)
        for finding in work[:1]:
            await exercise_for(desk, finding, known)
    await _how_to_spend(desk, minutes)
    if intent.minutes is None and minutes_in(known.constraints) is None:
        desk.say(f"I assumed {minutes} minutes a day. How many do you have?")


async def _how_to_spend(desk: Desk, minutes: int) -> None:
    """What the library says of a session of about that length, or of a week if that was asked."""
    if "week" in desk.brief.message.lower():
        query, words = "A week of practice: learning days and checking days", ["week", "days"]
    else:
        size = min(SESSIONS, key=lambda usual: abs(usual - minutes))
        query, words = f"A {size}-minute practice session", ["minute", "session", "spend"]
    hits = await desk.search(query)
    quote = desk.reader.sentence(hits[0], words) if hits else None
    if quote is not None:
        desk.say(f"{source(hits[0])} “{quote}” {desk.cite(hits[0], quote)}")


def _write_plan(desk: Desk, work: Sequence[Finding], minutes: int, analysis: Analysis) -> None:
    warm, first, second, rest = shares(minutes, len(work))
    reasons = listed([briefly(finding) for finding in work])
    desk.say(
        f"Here are {minutes} minutes, made from what I heard in {named(desk, analysis)}: {reasons}."
    )
    lines = [
        f"{warm} min: warm up with the first phrase, slowly and softly.",
        f"{first} min: {work[0].scale.topic}, with the exercise below"
        f"{_begin_at(desk, work[0], analysis)}.",
    ]
    if second:
        begin = _begin_at(desk, work[1], analysis)
        lines.append(f"{second} min: {work[1].scale.topic}, on two or four bars only{begin}.")
    lines.append(f"{rest} min: play a whole section without stopping, and note what broke down.")
    desk.say_list(lines)
    if "today" not in desk.brief.message.lower():
        desk.say(
            "Keep this for six days. On the last of them record the same passage again; on the "
            "seventh day, rest."
        )


def shares(minutes: int, subjects: int) -> tuple[int, int, int, int]:
    """Minutes to warm up, for the first and second subject, and to play through."""
    warm = max(1, round(minutes * 0.1))
    first = max(1, round(minutes * 0.4))
    second = round(minutes * 0.25) if minutes >= 15 and subjects > 1 else 0
    return warm, first, second, max(1, minutes - warm - first - second)


def _begin_at(desk: Desk, finding: Finding, analysis: Analysis) -> str:
    """Where the finding is most marked, as the end of a line."""
    moments = desk.ear.moments(analysis, (finding.key,))
    most = next((m for m in moments if m.side == finding.side and m.strength >= NOTICEABLE), None)
    return f"; begin at {stretch(most.timestamp)}" if most else ""
