"""Answers about practising, in the library's own words."""

from __future__ import annotations

from collections.abc import Sequence

from crescendai.chat.schemas import UserContext
from crescendai.chat.tutor.answers_recording import (
    NOTICEABLE,
    heard,
    most_telling,
    named,
    where_to_hear,
)
from crescendai.chat.tutor.desk import FOREIGN_SIMILARITY, Desk
from crescendai.chat.tutor.intents import Intent, minutes_in
from crescendai.chat.tutor.material import Exercise, Finding
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
from crescendai.chat.tutor.vocabulary import content_words, dimensions_in, is_about_music
from crescendai.knowledge.results import Hit
from crescendai.music.dimensions import HOLISTIC_KEYS
from crescendai.recordings.schemas import Analysis

SECOND_SIMILARITY = 0.5  # a second passage has to earn its place
USUAL_MINUTES = 20
SESSIONS = (10, 20, 45)  # minutes that teachers plan for
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
    finding = _worth_working_on(desk, analysis, known)[0]
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
    await _exercise_for(desk, finding, known)
    desk.say(
        _time_for_it(intent.minutes or minutes_in(known.constraints)),
        _kept(desk, analysis) if style not in ("gentle", "direct") else "",
    )


def _worth_working_on(desk: Desk, analysis: Analysis, known: UserContext) -> list[Finding]:
    """Findings in the order of need: what serves a goal, then what few would wish for, the rest."""
    goals = set(dimensions_in(" ".join(known.goals)))
    usable = [f for f in desk.ear.findings(analysis) if f.key not in HOLISTIC_KEYS]
    need = {False: 0, None: 1, True: 2}
    return sorted(
        usable,
        key=lambda f: (
            f.key not in goals or f.welcome is True,
            need[f.welcome] + (f.certainty == "middle"),
            -f.strength if f.welcome is not True else f.strength,
        ),
    )


def _goal_served(finding: Finding, known: UserContext) -> str:
    goal = next((goal for goal in known.goals if finding.key in dimensions_in(goal)), None)
    return f"It serves what you told me you want: “{goal}”." if goal else ""


def _time_for_it(minutes: int | None) -> str:
    if minutes is None:
        return "Ten minutes a day for a week, then record the same passage again."
    if minutes <= 15:
        return f"Give it your {minutes} minutes for a week, then record the same passage again."
    return f"Half of your {minutes} minutes is enough; the rest belongs to music you enjoy."


def _kept(desk: Desk, analysis: Analysis) -> str:
    """What is already good and can be left alone."""
    good = next(
        (f for f in desk.ear.findings(analysis) if f.welcome and f.certainty != "middle"), None
    )
    if good is None:
        return ""
    return f"You can leave {good.scale.topic} as it is ({number(good.value)}, {good.pole})."


async def _exercise_for(desk: Desk, finding: Finding, known: UserContext) -> bool:
    """An exercise that leads away from what was found. False, and said so, when there is none."""
    wished = finding.scale.right if finding.side == "left" else finding.scale.left
    if finding.welcome:
        wished = finding.name
    hits = await desk.search(f"Exercise for {wished}")
    hits = sorted(hits, key=lambda hit: finding.key not in hit.dimensions)
    return await give_exercise(desk, hits, known)


async def give_exercise(desk: Desk, hits: Sequence[Hit], known: UserContext) -> bool:
    """The first exercise not given before in this conversation, word for word."""
    before = " ".join(said.content for said in desk.brief.history if said.role == "assistant")
    for hit in hits:
        for exercise in desk.reader.exercises(hit):
            if exercise.name not in before:
                _write_exercise(desk, hit, exercise)
                await _mind_the_hands(desk, exercise, known)
                return True
    desk.say(
        "The library has no other exercise for this. Choose four bars, record them in two plainly "
        "different ways, and listen with your eyes closed for the one that serves the music."
    )
    return False


def _write_exercise(desk: Desk, hit: Hit, exercise: Exercise) -> None:
    purpose = (exercise.purpose or "").removeprefix("Purpose: ")
    desk.say(f"**{exercise.name}** {desk.cite(hit, exercise.quote)}", capital(purpose))
    desk.say_list(list(exercise.steps), numbered=True)
    if exercise.check:
        desk.say(f"You have it when {exercise.check[:1].lower()}{exercise.check[1:]}")


async def _mind_the_hands(desk: Desk, exercise: Exercise, known: UserContext) -> None:
    """Small hands are remembered wherever an exercise stretches the hand."""
    small = any("small hand" in line.lower() for line in known.constraints)
    wide = ("chord", "octave", "stretch", "voicing")
    if not small or not any(word in exercise.quote.lower() for word in wide):
        return
    for hit in await desk.search("small hands: wide chords and octaves"):
        quote = desk.reader.sentence(hit, ("small", "hands", "redistribute", "wide", "roll"))
        if quote is not None and "small" in hit.text.lower():
            desk.say(f"With your hands in mind: “{quote}” {desk.cite(hit, quote)}")
            return


async def how_to(desk: Desk, intent: Intent) -> None:
    """How to practise something: where the person stands, what matters, one exercise."""
    known = await desk.context()
    finding = await _latest_on(desk, intent.keys)
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
    desk.say(_time_for_it(intent.minutes or minutes_in(known.constraints)))


async def _latest_on(desk: Desk, keys: Sequence[str]) -> Finding | None:
    if not keys or desk.brief.recording_id is None:
        return None
    analysis = await desk.analysis(desk.brief.recording_id)
    found = most_telling(desk, analysis, keys) if analysis is not None else []
    return found[0] if found and found[0].certainty != "middle" else None


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
    finding = await _latest_on(desk, intent.keys)
    if finding is not None:
        desk.say(f"In your last recording: {briefly(finding)}.")
    desk.say("Does that answer it, or is there a passage you are thinking of?")


def _no_answer(desk: Desk, asked: str) -> None:
    near = desk.nearest >= FOREIGN_SIMILARITY or is_about_music(asked)
    desk.say(NOTHING_FOUND if near else NOT_MY_SUBJECT)


async def plan(desk: Desk, intent: Intent) -> None:
    """Practice time shared out over the two things that need it most."""
    known = await desk.context()
    analysis = None
    if desk.brief.recording_id is not None:
        analysis = await desk.analysis(desk.brief.recording_id)
    minutes = intent.minutes or minutes_in(known.constraints) or USUAL_MINUTES
    if analysis is None:
        desk.say(
            f"I haven't heard you yet, so this is a plan for {minutes} minutes without a subject; "
            "upload a recording, and I can say what belongs in it."
        )
    else:
        work = _worth_working_on(desk, analysis, known)
        if intent.keys:
            work = [*[f for f in work if f.key in intent.keys], *work]
        _write_plan(desk, list(dict.fromkeys(work))[:2], minutes, analysis)
        for finding in work[:1]:
            await _exercise_for(desk, finding, known)
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
    warm = max(1, round(minutes * 0.1))
    first = max(1, round(minutes * 0.4))
    second = round(minutes * 0.25) if minutes >= 15 and len(work) > 1 else 0
    rest = max(1, minutes - warm - first - second)
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


def _begin_at(desk: Desk, finding: Finding, analysis: Analysis) -> str:
    """Where the finding is most marked, as the end of a line."""
    moments = desk.ear.moments(analysis, (finding.key,))
    most = next((m for m in moments if m.side == finding.side and m.strength >= NOTICEABLE), None)
    return f"; begin at {stretch(most.timestamp)}" if most else ""
