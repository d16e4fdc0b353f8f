"""Answers in German about practising and about terms; the library is quoted in its own words."""

from __future__ import annotations

from collections.abc import Sequence

from crescendai.chat.tutor.desk import FOREIGN_SIMILARITY, Desk
from crescendai.chat.tutor.exercises import give_exercise, time_for_it
from crescendai.chat.tutor.german_phrases import briefly, source
from crescendai.chat.tutor.german_recording import occasion_finding
from crescendai.chat.tutor.intents import Intent, minutes_in
from crescendai.chat.tutor.listening import latest_on
from crescendai.chat.tutor.vocabulary import content_words, is_about_music
from crescendai.evidence.german_scales import topic

NOTHING_FOUND = (
    "In der Bibliothek habe ich dazu nichts gefunden, und raten möchte ich nicht. Wenn du ein Buch "
    "hast, das es behandelt, nimm es in die Bibliothek auf und frag mich noch einmal."
)
NOT_MY_SUBJECT = (
    "Das ist nicht mein Fach. Helfen kann ich dir beim Klavierspielen: mit dem, was ich in einer "
    "Aufnahme höre, wie man etwas übt, oder mit einem Begriff."
)


async def how_to(desk: Desk, intent: Intent) -> None:
    """How to practise something: where the person stands, what matters, one exercise."""
    known = await desk.context()
    finding = await latest_on(desk, intent.keys)
    query = desk.brief.message
    if (intent.again or not content_words(query)) and intent.keys:
        query = f"Exercise for {desk.ear.scale(intent.keys[0]).topic}"
    hits = await (desk.search if intent.again else desk.answers)(query, 6)
    if not hits:
        _no_answer(desk, query)
        return
    if finding is not None and not intent.again:
        desk.say(f"Zu deiner letzten Aufnahme: {briefly(finding)}.")
    words = content_words(query)
    remark = next((h for h in hits if not desk.reader.exercises(h)), None)
    quote = desk.reader.sentence(remark, words) if remark and not intent.again else None
    if remark is not None and quote is not None:
        desk.say(f"{source(remark)} “{quote}” {desk.cite(remark, quote)}")
    hits = sorted(hits, key=lambda hit: not set(intent.keys) & set(hit.dimensions))
    if not any(desk.reader.exercises(hit) for hit in hits):
        hits = [*await desk.search(f"Exercise: {' '.join(words) or query}"), *hits]
    desk.say("Dazu aus der englischen Bibliothek:")
    await give_exercise(desk, hits, known)
    desk.say(time_for_it(desk, intent.minutes or minutes_in(known.constraints)))


async def question(desk: Desk, intent: Intent) -> None:
    """A term or any other question: what the library says of it, or that it says nothing."""
    message = desk.brief.message
    words = content_words(message)
    for hit in await desk.answers(message):
        quote = None if desk.reader.exercises(hit) else desk.reader.sentence(hit, words)
        if quote is not None:
            desk.say(f"{source(hit)} “{quote}” {desk.cite(hit, quote)}")
            break
    else:
        _no_answer(desk, message)
        return
    finding = await latest_on(desk, intent.keys)
    desk.say(f"In deiner letzten Aufnahme: {briefly(finding)}." if finding else "")
    desk.say("Beantwortet das deine Frage, oder denkst du an eine bestimmte Stelle?")


async def occasion(desk: Desk, _: Intent) -> None:
    """The last days before a performance, in the library's words, and the one thing to mind."""
    if not await _quote(desk, "The last days before a performance or an examination", "days"):
        desk.say("Über die letzten Tage vor einem Auftritt steht in der Bibliothek nichts.")
    first = await occasion_finding(desk)
    desk.say(
        f"Aus deiner letzten Aufnahme würde ich nur auf eines achten: {first}." if first else ""
    )
    desk.say("Was wirst du spielen, und wie viele Minuten am Tag hast du bis dahin?")


async def repertoire(desk: Desk, _: Intent) -> None:
    """How to choose, from the library; no piece is named that it does not name."""
    if not await _quote(desk, "Choosing repertoire: how hard the next piece should be", "piece"):
        desk.say("Wie man ein Stück wählt, steht nicht in der Bibliothek; raten möchte ich nicht.")
    desk.say("Was hast du zuletzt gespielt, das dir leicht von der Hand ging?")


async def stuck(desk: Desk, intent: Intent) -> None:
    """An exercise did not help: another one if there is, and one question back."""
    if not intent.keys:
        desk.say("Schade. Welche Übung war es, und was hast du stattdessen gehört?")
        return
    desk.say(f"Dann gehen wir {topic(intent.keys[0])} von einer anderen Seite an.")
    hits = await desk.search(f"Exercise for {desk.ear.scale(intent.keys[0]).topic}", 6)
    hits = sorted(hits, key=lambda hit: not set(intent.keys) & set(hit.dimensions))
    await give_exercise(desk, hits, await desk.context())
    desk.say("Was hast du gehört, als die erste nicht half?")


async def context(desk: Desk, _: Intent) -> None:
    known = await desk.context()
    told = [
        f"{name}: {'; '.join(lines)}"
        for name, lines in (
            ("deine Ziele", known.goals),
            ("was dich einschränkt", known.constraints),
            ("was du spielst", known.repertoire),
        )
        if lines
    ]
    if known.experience_level is not None:
        told.append(f"deine Stufe: {_LEVELS[known.experience_level]}")
    if not told:
        desk.say(
            "Noch nichts. Schreib unter „Über dich“, worauf du hinarbeitest, wie viele Minuten am "
            "Tag du hast und was dich einschränkt, etwa kleine Hände."
        )
        return
    desk.say(f"Du hast mir gesagt: {', '.join(told)}. Unter „Über dich“ kannst du es ändern.")


_LEVELS = {"beginner": "Anfang", "intermediate": "Mittelstufe", "advanced": "fortgeschritten"}


async def _quote(desk: Desk, query: str, *words: str) -> bool:
    """A sentence of the nearest passage that is no exercise."""
    subject: Sequence[str] = (*query.lower().split(), *words)
    for hit in await desk.search(query):
        quote = None if desk.reader.exercises(hit) else desk.reader.sentence(hit, subject)
        if quote is not None:
            desk.say(f"{source(hit)} “{quote}” {desk.cite(hit, quote)}")
            return True
    return False


def _no_answer(desk: Desk, asked: str) -> None:
    near = desk.nearest >= FOREIGN_SIMILARITY or is_about_music(asked)
    desk.say(NOTHING_FOUND if near else NOT_MY_SUBJECT)
