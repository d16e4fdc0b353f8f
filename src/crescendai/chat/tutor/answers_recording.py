"""Answers about a recording as a whole: one score explained, or all of them in brief."""

from __future__ import annotations

from crescendai.chat.tutor.desk import Desk
from crescendai.chat.tutor.intents import Intent
from crescendai.chat.tutor.listening import (
    heard,
    most_telling,
    named,
    where_to_hear,
)
from crescendai.chat.tutor.material import Finding
from crescendai.chat.tutor.phrases import briefly, heard_as, measured, source, stretch, sureness
from crescendai.kit.prose import capital, listed, number
from crescendai.knowledge.results import Hit

DEPENDS = "Whether that is right depends on the piece."


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


async def tempo(desk: Desk, _: Intent) -> None:
    """How fast it was, as measured: no rating is needed for that."""
    analysis = await heard(desk)
    if analysis is None:
        return
    told = measured("music_making_fast_slow", analysis)
    beat = analysis.measurements.get("tempo_bpm")
    if beat is None or beat.value is None:
        desk.say(f"I could not find a beat in {named(desk, analysis)}, so I can't say.", told)
        return
    desk.say(
        told,
        "I don't know the score, so the beat I follow may be half or double the written one.",
    )
    odd = next((o for o in desk.ear.outliers(analysis) if "tempo" in o.said), None)
    if odd is not None:
        desk.say(f"It is furthest from that at {stretch(odd.timestamp)}: {odd.said}.")


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
