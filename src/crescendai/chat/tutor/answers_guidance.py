"""Answers to what somebody tells: an exam ahead, a piece to choose, an exercise that failed."""

from __future__ import annotations

from collections.abc import Sequence

from crescendai.chat.tutor.desk import Desk
from crescendai.chat.tutor.exercises import give_exercise, worth_working_on
from crescendai.chat.tutor.intents import Intent
from crescendai.chat.tutor.listening import asked_for
from crescendai.chat.tutor.phrases import briefly, source


async def occasion(desk: Desk, _: Intent) -> None:
    """The last days before a performance, in the library's words, and the one thing to mind."""
    quoted = await _quote(desk, "The last days before a performance or an examination", "days")
    if not quoted:
        desk.say("The library has nothing on the last days before a performance.")
    known = await desk.context()
    recording_id = asked_for(desk)
    analysis = await desk.analysis(recording_id) if recording_id is not None else None
    if analysis is not None:
        first = worth_working_on(desk, analysis, known)[0]
        desk.say(f"From your last recording I would mind one thing only: {briefly(first)}.")
    desk.say("What will you play, and how many minutes a day do you have until then?")


async def repertoire(desk: Desk, _: Intent) -> None:
    """How to choose, from the library; no piece is named that it does not name."""
    quoted = await _quote(desk, "Choosing repertoire: how hard the next piece should be", "piece")
    if not quoted:
        desk.say("The library has nothing on choosing a piece, so I would rather not guess.")
    known = await desk.context()
    if known.experience_level is None:
        desk.say("What have you played last that felt comfortable?")
    else:
        desk.say(
            f"You told me your level: {known.experience_level}. Which sound would you like next: "
            "something singing, something dancing, or something quick?"
        )


async def stuck(desk: Desk, intent: Intent) -> None:
    """An exercise did not help: another one if there is, and one question back."""
    if not intent.keys:
        desk.say("I'm sorry it didn't help. Which exercise was it, and what did you hear instead?")
        return
    topic = desk.ear.scale(intent.keys[0]).topic
    desk.say(f"Then let's come at {topic} from another side; not every exercise suits everybody.")
    hits = await desk.search(f"Exercise for {topic}", 6)
    hits = sorted(hits, key=lambda hit: not set(intent.keys) & set(hit.dimensions))
    await give_exercise(desk, hits, await desk.context())
    desk.say("What did you hear when the first one didn't work?")


async def _quote(desk: Desk, query: str, *words: str) -> bool:
    """A sentence of the nearest passage that is no exercise."""
    subject: Sequence[str] = (*query.lower().split(), *words)
    for hit in await desk.search(query):
        quote = None if desk.reader.exercises(hit) else desk.reader.sentence(hit, subject)
        if quote is not None:
            desk.say(f"{source(hit)} “{quote}” {desk.cite(hit, quote)}")
            return True
    return False
