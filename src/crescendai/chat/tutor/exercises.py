"""Choosing what to work on, and giving an exercise for it in the library's own words."""

from __future__ import annotations

import re
from collections.abc import Sequence

from crescendai.chat.schemas import UserContext
from crescendai.chat.tutor import patterns
from crescendai.chat.tutor.desk import Desk
from crescendai.chat.tutor.material import Exercise, Finding
from crescendai.chat.tutor.vocabulary import dimensions_in
from crescendai.kit.prose import capital
from crescendai.knowledge.results import Hit
from crescendai.music.dimensions import HOLISTIC_KEYS
from crescendai.recordings.schemas import Analysis

NEAR_SIMILARITY = 0.48  # from which an exercise that names no dimension may be meant for one
_SMALL_HANDS = re.compile(r"small hand|kleine\w* h[aä]nd", re.IGNORECASE)
_CONDITIONS = ("when ", "if ", "at ", "after ", "in ", "the next day ")


def worth_working_on(desk: Desk, analysis: Analysis, known: UserContext) -> list[Finding]:
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


async def exercise_for(desk: Desk, finding: Finding, known: UserContext) -> bool:
    """An exercise that leads away from what was found. False, and said so, when there is none."""
    wished = finding.scale.right if finding.side == "left" else finding.scale.left
    if finding.welcome:
        wished = finding.name
    hits = await desk.search(f"Exercise for {wished}")
    near = [h for h in hits if finding.key in h.dimensions or h.similarity >= NEAR_SIMILARITY]
    hits = sorted(near, key=lambda hit: finding.key not in hit.dimensions)
    return await give_exercise(desk, hits, known, finding)


async def give_exercise(
    desk: Desk, hits: Sequence[Hit], known: UserContext, finding: Finding | None = None
) -> bool:
    """The first fitting exercise not given before in this conversation, word for word."""
    before = " ".join(said.content for said in desk.brief.history if said.role == "assistant")
    given = ""
    for hit in hits:
        for exercise in desk.reader.exercises(hit):
            if finding is not None and not finding.scale.suits(finding.side, exercise.purpose):
                continue
            if exercise.name not in before:
                _mind_the_pain(desk, known)
                _write_exercise(desk, hit, exercise)
                await _mind_the_hands(desk, exercise, known)
                return True
            given = given or exercise.name
    if given:
        desk.say(
            f"Was die Bibliothek dafür hat, kennst du schon. Bleib bei „{given}“ von oben."
            if desk.in_german
            else f"You have had what the library offers for this. Stay with “{given}” from above."
        )
        return False
    desk.say(
        "Die Bibliothek hat dafür keine andere Übung. Wähl vier Takte, nimm sie auf zwei deutlich "
        "verschiedene Arten auf und hör mit geschlossenen Augen, welche der Musik dient."
        if desk.in_german
        else "The library has no other exercise for this. Choose four bars, record them in two "
        "plainly different ways, and listen with your eyes closed for the one that serves the "
        "music."
    )
    return False


def _write_exercise(desk: Desk, hit: Hit, exercise: Exercise) -> None:
    purpose = (exercise.purpose or "").removeprefix("Purpose: ")
    desk.say(f"**{exercise.name}** {desk.cite(hit, exercise.quote)}", capital(purpose))
    desk.say_list(list(exercise.steps), numbered=True)
    if exercise.check:
        check = f"{exercise.check[:1].lower()}{exercise.check[1:]}"
        opening = "How to tell:" if check.startswith(_CONDITIONS) else "You have it when"
        desk.say(f"{'Woran du es merkst:' if desk.in_german else opening} {check}")


def _mind_the_pain(desk: Desk, known: UserContext) -> None:
    """Somebody who told of an injury is reminded of it before anything to play."""
    hurt = next((line for line in known.constraints if patterns.PAIN.search(line)), None)
    if hurt is not None:
        desk.say(
            f"Du hast mir davon erzählt: „{hurt}“. Frag, wer es behandelt, ob du das Folgende "
            "darfst, halt es kurz und hör beim ersten Anzeichen von Schmerz auf."
            if desk.in_german
            else f"You told me of this: “{hurt}”. Ask whoever treats it whether you may do what "
            "follows, keep it short, and stop at the first sign of pain."
        )


async def _mind_the_hands(desk: Desk, exercise: Exercise, known: UserContext) -> None:
    """Small hands are remembered wherever an exercise stretches the hand."""
    small = any(
        re.search(r"small hand|kleine\w* h[aä]nd", line, re.I) for line in known.constraints
    )
    wide = ("chord", "octave", "stretch", "voicing")
    if not small or not any(word in exercise.quote.lower() for word in wide):
        return
    for hit in await desk.search("small hands: wide chords and octaves"):
        quote = desk.reader.sentence(hit, ("small", "hands", "redistribute", "wide", "roll"))
        if quote is not None and "small" in hit.text.lower():
            opening = "Für deine Hände:" if desk.in_german else "With your hands in mind:"
            desk.say(f"{opening} “{quote}” {desk.cite(hit, quote)}")
            return


def time_for_it(desk: Desk, minutes: int | None) -> str:
    """How long to practise it; nothing when that was said before in this conversation."""
    if desk.in_german:
        said = _time_in_german(minutes)
    elif minutes is None:
        said = "Ten minutes a day for a week, then record the same passage again."
    elif minutes <= 15:
        said = f"Give it your {minutes} minutes for a week, then record the same passage again."
    else:
        said = f"Half of your {minutes} minutes is enough; the rest belongs to music you enjoy."
    return "" if any(said in before.content for before in desk.brief.history) else said


def _time_in_german(minutes: int | None) -> str:
    if minutes is None:
        return "Zehn Minuten am Tag, eine Woche lang; dann nimm dieselbe Stelle wieder auf."
    if minutes <= 15:
        return f"Gib ihr eine Woche lang deine {minutes} Minuten, dann nimm die Stelle wieder auf."
    return f"Die Hälfte deiner {minutes} Minuten genügt; der Rest gehört Musik, die du magst."
