"""Answers about practising and about terms, in the library's own words."""

from __future__ import annotations

from crescendai.chat.schemas import UserContext
from crescendai.chat.tutor import patterns
from crescendai.chat.tutor.desk import FOREIGN_SIMILARITY, Desk
from crescendai.chat.tutor.exercises import (
    exercise_for,
    give_exercise,
    time_for_it,
    worth_working_on,
)
from crescendai.chat.tutor.intents import Intent, minutes_in
from crescendai.chat.tutor.listening import (
    heard,
    latest_on,
    named,
    where_to_hear,
)
from crescendai.chat.tutor.material import Finding
from crescendai.chat.tutor.phrases import NOT_ENGLISH, briefly, heard_as, measured, source, sureness
from crescendai.chat.tutor.vocabulary import content_words, dimensions_in, is_about_music
from crescendai.kit.prose import number
from crescendai.recordings.schemas import Analysis

SECOND_SIMILARITY = 0.48  # a second passage has to earn its place
NOTHING_FOUND = (
    "I looked in the library and found nothing on that, and I would rather not guess. If you have "
    "a book that covers it, add it to the library and ask me again."
)
NOT_MY_SUBJECT = (
    "That is outside my subject. I can help with your piano playing: what I hear in a recording, "
    "how to practise something, or a term you have come across."
)


async def next_step(desk: Desk, intent: Intent) -> None:
    """The one thing to work on: why, where, how, and how to tell that it has worked."""
    analysis = await heard(desk)
    if analysis is None:
        return
    known = await desk.context()
    finding = worth_working_on(desk, analysis, known)[0]
    style = known.feedback_style
    if style == "gentle":
        desk.say(_kept(desk, analysis))
    desk.say(
        f"Work on {finding.scale.topic} next.",
        f"In {named(desk, analysis)} it is at {number(finding.value)}.",
        sureness(finding) if known.experience_level != "beginner" else "",
        heard_as(finding),
        _goal_served(finding, known),
    )
    desk.say(
        where_to_hear(desk.ear.moments(analysis, (finding.key,)), finding),
        measured(finding.key, analysis) if style == "detailed" else "",
    )
    await exercise_for(desk, finding, known)
    desk.say(
        time_for_it(desk, intent.minutes or minutes_in(known.constraints)),
        _kept(desk, analysis) if style not in ("gentle", "direct") else "",
    )


def _goal_served(finding: Finding, known: UserContext) -> str:
    goal = next((goal for goal in known.goals if finding.key in dimensions_in(goal)), None)
    return f"It serves what you told me you want: “{goal}”." if goal else ""


def _kept(desk: Desk, analysis: Analysis) -> str:
    """What is already good and can be left alone."""
    good = next(
        (f for f in desk.ear.findings(analysis) if f.welcome and f.certainty != "middle"), None
    )
    if good is None:
        return ""
    return f"You can leave {good.scale.topic} as it is ({number(good.value)}, {good.pole})."


async def how_to(desk: Desk, intent: Intent) -> None:
    """How to practise something: where the person stands, what matters, one exercise."""
    known = await desk.context()
    finding = await latest_on(desk, intent.keys)
    query = desk.brief.message
    if intent.again or not content_words(query):
        topics = [desk.ear.scale(key).topic for key in intent.keys[:1]]
        query = f"Exercise for {' '.join(topics)}" if topics else query
    hits = await (desk.search if intent.again else desk.answers)(query, 6)
    if not hits:
        _no_answer(desk, query)
        return
    if finding is not None and not intent.again:
        desk.say(f"For your last recording: {briefly(finding)}.")
    words = content_words(query)
    remark = next((h for h in hits if not desk.reader.exercises(h)), None)
    quote = desk.reader.sentence(remark, words) if remark and not intent.again else None
    if remark is not None and quote is not None:
        desk.say(f"{source(remark)} “{quote}” {desk.cite(remark, quote)}")
    if intent.keys:
        hits = sorted(hits, key=lambda hit: not set(intent.keys) & set(hit.dimensions))
    if not any(desk.reader.exercises(hit) for hit in hits):
        hits = [*await desk.search(f"Exercise: {' '.join(words) or query}"), *hits]
    await give_exercise(desk, hits, known)
    desk.say(time_for_it(desk, intent.minutes or minutes_in(known.constraints)))


async def question(desk: Desk, intent: Intent) -> None:
    """A term or any other question: what the library says of it, or that it says nothing."""
    message = desk.brief.message
    hits = await desk.answers(message)
    if not hits:
        _no_answer(desk, message)
        return
    words = content_words(message)
    told: list[str] = []
    for hit in hits:
        quote = None if desk.reader.exercises(hit) else desk.reader.sentence(hit, words)
        enough = len(told) == 2 or (told and hit.similarity < SECOND_SIMILARITY)
        if quote is None or quote in told or enough:
            continue
        opening = source(hit) if not told else "And further:"
        desk.say(f"{opening} “{quote}” {desk.cite(hit, quote)}")
        told.append(quote)
    if not told:
        desk.say(NOTHING_FOUND)
        return
    finding = await latest_on(desk, intent.keys)
    if finding is not None:
        desk.say(f"In your last recording: {briefly(finding)}.")
    desk.say("Does that answer it, or is there a passage you are thinking of?")


def _no_answer(desk: Desk, asked: str) -> None:
    if patterns.FOREIGN.search(asked):
        desk.say(NOT_ENGLISH)
        return
    near = desk.nearest >= FOREIGN_SIMILARITY or is_about_music(asked)
    desk.say(NOTHING_FOUND if near else NOT_MY_SUBJECT)
