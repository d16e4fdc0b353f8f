"""Answers about how something was played."""

from __future__ import annotations

import re
from collections.abc import Sequence
from uuid import UUID

from crescendai.chat.tutor.desk import Desk
from crescendai.chat.tutor.intents import Intent
from crescendai.chat.tutor.material import Finding, Moment
from crescendai.chat.tutor.phrases import (
    briefly,
    capital,
    heard_as,
    listed,
    measured,
    number,
    source,
    stretch,
    sureness,
)
from crescendai.knowledge.results import Hit
from crescendai.recordings.schemas import Analysis

NOTICEABLE = 0.35
DEPENDS = "Whether that is right depends on the piece."


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


async def explain(desk: Desk, intent: Intent) -> None:
    """One dimension: the number, how sure it is, where to hear it, what causes it."""
    analysis = await heard(desk)
    if analysis is None:
        return
    findings = most_telling(desk, analysis, intent.keys)
    finding = findings[0]
    known = await desk.context()
    scale = finding.scale
    left, right = desk.ear.pole(finding.key, "left"), desk.ear.pole(finding.key, "right")
    desk.say(
        f"{capital(scale.topic)} in {named(desk, analysis)} is at {number(finding.value)}, on a "
        f"scale from {left} (0) to {right} (1).",
        sureness(finding),
        heard_as(finding),
    )
    desk.say(
        where_to_hear(desk.ear.moments(analysis, (finding.key,)), finding),
        measured(finding.key, analysis) if known.feedback_style != "gentle" else "",
    )
    await _causes(desk, finding)
    if len(findings) > 1 and findings[1].certainty != "middle":
        desk.say(f"Hear it together with the {briefly(findings[1])}.")
    if finding.welcome and finding.certainty == "clear":
        desk.say("I would leave that as it is.")
    elif finding.welcome and finding.certainty == "lean":
        desk.say("You are on a good way there; go on in the same direction.")
    else:
        desk.say("Is that the sound you wanted here? If not, I can give you an exercise for it.")


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


async def _causes(desk: Desk, finding: Finding) -> None:
    """What the library says of the cause, and of when such a sound is right."""
    words = finding.name.replace(",", "").split()
    hits = [
        h for h in await desk.search(f"What causes {finding.name}") if finding.key in h.dimensions
    ]
    causes = sorted(hits, key=lambda hit: f"causes {finding.pole}" not in _heading(hit))
    quote = desk.reader.sentence(causes[0], words) if causes else None
    if quote is None:
        desk.say("The library has nothing on what causes it, so I won't guess.", DEPENDS)
        return
    desk.say(f"{source(causes[0])} “{quote}” {desk.cite(causes[0], quote)}")
    if finding.welcome and finding.certainty != "middle":
        return
    right = [
        hit
        for hit in await desk.search(f"When {finding.name} is right")
        if finding.key in hit.dimensions and "right" in _heading(hit)
    ]
    when = desk.reader.sentence(right[0], words) if right else None
    desk.say(DEPENDS, f"“{when}” {desk.cite(right[0], when)}" if when else "")


def _heading(hit: Hit) -> str:
    return " ".join(hit.heading_path[-1:]).lower()


async def overview(desk: Desk, _: Intent) -> None:
    """What is secure, what marks the playing, what deserves work."""
    analysis = await heard(desk)
    if analysis is None:
        return
    findings = desk.ear.findings(analysis)
    sure = [f for f in findings if f.certainty != "middle"]
    good = [f for f in sure if f.welcome][:2]
    taste = [f for f in sure if f.welcome is None][:2]
    work = [f for f in sure if f.welcome is False][:2]
    if not sure:
        desk.say(
            f"Nothing in {named(desk, analysis)} goes far to either side: all the scores lie near "
            "the middle of their scales. That is even playing; the next step is to want something "
            "more definite from it. What should this piece say?"
        )
        return
    if good:
        desk.say(
            f"What you can rely on in {named(desk, analysis)}: "
            f"{listed([briefly(f) for f in good])}.",
            heard_as(good[0]),
        )
    if taste:
        desk.say(
            f"What marks its character: {listed([briefly(f) for f in taste])}. "
            "That is neither good nor bad in itself; it should be what the piece asks for."
        )
    if work:
        desk.say(
            f"What I would work on: {listed([briefly(f) for f in work])}.",
            heard_as(work[0]),
            where_to_hear(desk.ear.moments(analysis, (work[0].key,)), work[0]),
        )
    elif not good:
        desk.say(f"Nothing else in {named(desk, analysis)} goes far to either side.")
    topic = (work or taste or good)[0].scale.topic
    desk.say(f"Shall I give you an exercise for {topic}?")


async def moment(desk: Desk, intent: Intent) -> None:
    """The windows that differ most: all, or those on the welcome or unwelcome side."""
    analysis = await heard(desk)
    if analysis is None:
        return
    keys = (intent.keys,) if intent.keys else ()
    moments = list(desk.ear.moments(analysis, *keys))
    if intent.extreme != "unusual" and not intent.keys:
        wanted = intent.extreme == "strongest"
        moments = [m for m in moments if m.welcome is wanted]
    moments = [m for m in moments if m.strength >= NOTICEABLE]
    if not moments and intent.keys:
        scale = desk.ear.scale(intent.keys[0])
        desk.say(
            f"There is no such place: {scale.topic} stays at much the same level from beginning to "
            f"end of {named(desk, analysis)}."
        )
        return
    if not moments:
        desk.say(
            f"No three seconds of {named(desk, analysis)} differ enough from the rest for me to "
            "point at them; you play it in one manner throughout."
        )
        return
    first = moments[0]
    desk.say(_opening(intent), _moment_sentence(desk, first))
    second = next((m for m in moments if m.start != first.start), None)
    if second is not None:
        desk.say(f"After that comes {_moment_sentence(desk, second)}")
    if intent.extreme == "strongest":
        desk.say(
            "Listen to it before you practise, and ask yourself what your hands did there that "
            "they don't do elsewhere."
        )
    else:
        desk.say(
            "Listen to it with the score in front of you. Does the music change there, or was it "
            "the hands?"
        )


def _opening(intent: Intent) -> str:
    if intent.keys:
        return "Where this changes most:"
    return {
        "strongest": "Your strongest moment, by the scales on which most teachers agree, is",
        "weakest": "The moment I would look at first is",
        "unusual": "The moment that differs most from the rest is",
    }[intent.extreme]


def _moment_sentence(desk: Desk, at: Moment) -> str:
    topic = desk.ear.scale(at.key).topic
    return (
        f"{stretch(at.timestamp)}: {topic} is at {number(at.value)} there, against "
        f"{number(at.usual)} over the whole: further towards {at.pole}."
    )


async def compare(desk: Desk, intent: Intent) -> None:
    """Two recordings, newer against older; only what goes beyond the uncertainty is told."""
    pair = _pair(desk)
    if pair is None:
        desk.say(
            "I need two recordings to compare, and I have heard "
            + ("only one of yours so far." if desk.brief.recordings else "none of yours so far.")
            + " Record the same passage again, and ask me then."
        )
        return
    newer, older = await desk.analysis(pair[0]), await desk.analysis(pair[1])
    if newer is None or older is None:
        desk.say(f"I can't compare them yet. {desk.refusal}")
        return
    changed = _changes(desk, newer, older, intent.keys)
    names = named(desk, newer), named(desk, older)
    if not changed:
        desk.say(
            f"Between {names[1]} and {names[0]} no scale has moved by more than its uncertainty. I "
            "wouldn't read progress or loss into the small differences."
        )
    else:
        desk.say(f"From {names[1]} to {names[0]}, this has changed by more than its uncertainty:")
        desk.say_list([_change_line(desk, before, after) for before, after in changed[:4]])
        desk.say("The other differences are too small to mean anything.", _gain_and_cost(changed))
    desk.say("If these are two different pieces, the music accounts for part of it.")


def _pair(desk: Desk) -> tuple[UUID, UUID] | None:
    """Newer and older recording: those named in the message, else the one in view and another."""
    heard = desk.brief.recordings
    message = desk.brief.message.lower()
    chosen = [r for r in heard if _is_named(r.filename, message) or str(r.recording_id) in message]
    if len(chosen) < 2:
        in_view = [r for r in heard if r.recording_id == desk.brief.recording_id]
        rest = [r for r in heard if r not in chosen]
        chosen = [
            *chosen,
            *[r for r in in_view if r in rest],
            *[r for r in rest if r not in in_view],
        ]
    chosen = sorted(chosen[:2], key=heard.index)
    return (chosen[0].recording_id, chosen[1].recording_id) if len(chosen) == 2 else None


def _is_named(filename: str, message: str) -> bool:
    stem = filename.lower().rsplit(".", 1)[0]
    return len(stem) > 2 and re.search(rf"(?<!\w){re.escape(stem)}(?!\w)", message) is not None


def _changes(
    desk: Desk, newer: Analysis, older: Analysis, keys: Sequence[str]
) -> list[tuple[Finding, Finding]]:
    """(before, after) where each value lies outside the other's interval, greatest first."""
    after = {finding.key: finding for finding in desk.ear.findings(newer)}
    pairs = [(before, after[before.key]) for before in desk.ear.findings(older)]
    moved = [
        (a, b)
        for a, b in pairs
        if not b.low <= a.value <= b.high
        and not a.low <= b.value <= a.high
        and (not keys or a.key in keys)
    ]
    return sorted(moved, key=lambda pair: -abs(pair[0].value - pair[1].value))


def _gain_and_cost(changed: Sequence[tuple[Finding, Finding]]) -> str:
    """What moved towards, and away from, the pole that most teachers wish for."""
    gains = [a.scale.topic for b, a in changed if _moved_to_wish(b, a) is True]
    costs = [a.scale.topic for b, a in changed if _moved_to_wish(b, a) is False]
    if gains and costs:
        return f"The gain is {gains[0]}; look at {costs[0]} next, which has gone the other way."
    if gains:
        return f"The gain is {listed(gains[:2])}. Whatever you did for it, keep doing it."
    return f"Look at {listed(costs[:2])} first; that has gone the wrong way." if costs else ""


def _moved_to_wish(before: Finding, after: Finding) -> bool | None:
    """None where no pole is wished for. ``welcome`` tells the wish by the side it is said of."""
    if after.welcome is None:
        return None
    wish_is_right = after.welcome == (after.side == "right")
    return (after.value > before.value) == wish_is_right


def _change_line(desk: Desk, before: Finding, after: Finding) -> str:
    scale = after.scale
    pole = desk.ear.pole(after.key, "left" if after.value < before.value else "right")
    return (
        f"{capital(scale.topic)}: from {number(before.value)} to {number(after.value)}, "
        f"towards {pole}."
    )
