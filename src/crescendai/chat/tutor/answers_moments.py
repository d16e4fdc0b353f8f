"""Answers about where something happens in a recording."""

from __future__ import annotations

from crescendai.chat.tutor.desk import Desk
from crescendai.chat.tutor.intents import Intent
from crescendai.chat.tutor.listening import (
    NOTICEABLE,
    heard,
    named,
)
from crescendai.chat.tutor.material import Moment
from crescendai.chat.tutor.phrases import stretch
from crescendai.kit.prose import capital, listed, number
from crescendai.recordings.schemas import Analysis


async def moment(desk: Desk, intent: Intent) -> None:
    """The windows that differ most: all, or those on the welcome or unwelcome side."""
    analysis = await heard(desk)
    if analysis is None:
        return
    keys = (intent.keys,) if intent.keys else ()
    if intent.at_sec is not None:
        _at(desk, analysis, intent)
        return
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
        _by_measurement(desk, analysis, intent)
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


def _by_measurement(desk: Desk, analysis: Analysis, intent: Intent) -> None:
    """Where the ratings single nothing out: the window that measures most unlike, or most alike."""
    name = named(desk, analysis)
    strongest = intent.extreme == "strongest"
    told = desk.ear.settled(analysis) if strongest else desk.ear.outliers(analysis)
    if not told:
        desk.say(
            f"No three seconds of {name} differ enough from the rest for me to point at them, "
            "neither by rating nor by measurement."
        )
        return
    where = stretch(told[0].timestamp)
    if strongest:
        desk.say(
            f"My ratings of {name} don't single out a best moment. The most settled one by what "
            f"I can measure is {where}: {listed([one.said for one in told])}."
        )
        return
    desk.say(
        f"My ratings of {name} don't single out a moment, but a measurement does: at {where} "
        f"{told[0].said}."
    )
    second = next((one for one in told if one.start != told[0].start), None)
    if second is not None:
        desk.say(f"After that comes {stretch(second.timestamp)}: {second.said}.")
    desk.say("Listen to it with the score in front of you: does the music ask for that?")


def _at(desk: Desk, analysis: Analysis, intent: Intent) -> None:
    """One place in the recording, and how it differs from the whole."""
    at_sec = intent.at_sec or 0
    if at_sec >= analysis.duration:
        last = f"{int(analysis.duration) // 60}:{int(analysis.duration) % 60:02d}"
        desk.say(f"{capital(named(desk, analysis))} ends at {last}. Which place do you mean?")
        return
    keys = (intent.keys,) if intent.keys else ()
    here = [m for m in desk.ear.moments(analysis, *keys) if m.start <= at_sec < m.end]
    if not here:
        desk.say("There are too few notes at that place for me to say anything about it alone.")
        return
    told = [m for m in here if m.strength >= NOTICEABLE][:3]
    if not told:
        most = here[0]
        desk.say(
            f"{stretch(most.timestamp)} is much like the rest of {named(desk, analysis)}. The "
            f"largest difference is in {desk.ear.scale(most.key).topic}: {number(most.value)} "
            f"there, {number(most.usual)} over the whole; that may be chance."
        )
        return
    desk.say(f"What differs there from the whole of {named(desk, analysis)}:")
    desk.say_list([_moment_sentence(desk, m) for m in told])


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
