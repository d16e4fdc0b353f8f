"""Answers in German about what was played."""

from __future__ import annotations

from crescendai.chat.tutor.answers_comparison import changes, pair_asked_for
from crescendai.chat.tutor.answers_plan import USUAL_MINUTES, shares
from crescendai.chat.tutor.contrasts import Contrast
from crescendai.chat.tutor.desk import Desk
from crescendai.chat.tutor.exercises import exercise_for, worth_working_on
from crescendai.chat.tutor.german_answers import heard
from crescendai.chat.tutor.german_phrases import (
    briefly,
    listed,
    measured,
    moment,
    named,
    number,
    source,
    stretch,
    sureness,
    where_to_hear,
)
from crescendai.chat.tutor.intents import Intent, minutes_in
from crescendai.chat.tutor.listening import NOTICEABLE, asked_for, most_telling
from crescendai.evidence.german_scales import pole, topic
from crescendai.recordings.schemas import Analysis

_WITH_THE_SCORE = "Hör es mit den Noten vor dir: Verlangt die Musik das, oder waren es die Hände?"


async def explain(desk: Desk, intent: Intent) -> None:
    """One dimension: the number, how sure it is, where to hear it, what the library says of it."""
    analysis = await heard(desk)
    if analysis is None:
        return
    finding = most_telling(desk, analysis, intent.keys)[0]
    left, right = pole(finding.key, "left"), pole(finding.key, "right")
    desk.say(
        f"{topic(finding.key)} in {named(desk, analysis)}: {number(finding.value)} auf einer Skala "
        f"von {left} (0) bis {right} (1).",
        sureness(finding),
    )
    desk.say(
        where_to_hear(desk.ear.moments(analysis, (finding.key,)), finding),
        measured(finding.key, analysis),
    )
    words = finding.name.replace(",", "").split()
    for hit in await desk.search(f"What causes {finding.name}"):
        quote = desk.reader.sentence(hit, words) if finding.key in hit.dimensions else None
        if quote is not None:
            desk.say(f"{source(hit)} “{quote}” {desk.cite(hit, quote)}")
            break
    if finding.welcome and finding.certainty == "clear":
        desk.say("Das würde ich so lassen.")
        return
    desk.say("War das der Klang, den du hier wolltest? Wenn nicht, gebe ich dir eine Übung dafür.")


async def tell_moment(desk: Desk, intent: Intent) -> None:
    """The windows that differ most: all, or those on the welcome or unwelcome side."""
    analysis = await heard(desk)
    if analysis is None:
        return
    if intent.at_sec is not None:
        _at(desk, analysis, intent.at_sec)
        return
    keys = (intent.keys,) if intent.keys else ()
    moments = [m for m in desk.ear.moments(analysis, *keys) if m.strength >= NOTICEABLE]
    if intent.extreme != "unusual" and not intent.keys:
        moments = [m for m in moments if m.welcome is (intent.extreme == "strongest")]
    if moments:
        name = named(desk, analysis)
        opening = {
            "strongest": f"Deine stärkste Stelle in {name} ist",
            "weakest": f"Zuerst ansehen würde ich mir in {name}",
            "unusual": f"Am meisten vom Rest verschieden ist in {name}",
        }[intent.extreme]
        desk.say("Hier ändert es sich am meisten:" if intent.keys else opening, moment(moments[0]))
        second = next((m for m in moments if m.start != moments[0].start), None)
        desk.say(f"Danach kommt {moment(second)}" if second else "")
        desk.say(_WITH_THE_SCORE)
        return
    if intent.keys:
        desk.say(f"Eine solche Stelle gibt es nicht: {topic(intent.keys[0])} bleibt etwa gleich.")
        return
    strongest = intent.extreme == "strongest"
    told = desk.ear.settled(analysis) if strongest else desk.ear.outliers(analysis)
    if not told:
        desk.say(f"Keine Stelle von {named(desk, analysis)} hebt sich genug vom Rest ab.")
        return
    kind = "ausgeglichensten" if strongest else "am weitesten vom Rest entfernt"
    desk.say(
        f"Die Bewertungen heben keine Stelle hervor; nach den Messungen ist {kind}: "
        f"{stretch(told[0].timestamp)}.",
        _WITH_THE_SCORE,
    )


def _at(desk: Desk, analysis: Analysis, at_sec: int) -> None:
    """One place in the recording, and how it differs from the whole."""
    if at_sec >= analysis.duration:
        last = f"{int(analysis.duration) // 60}:{int(analysis.duration) % 60:02d}"
        desk.say(f"Die Aufnahme endet bei {last}. Welche Stelle meinst du?")
        return
    here = [m for m in desk.ear.moments(analysis) if m.start <= at_sec < m.end]
    told = [m for m in here if m.strength >= NOTICEABLE][:3]
    if not here:
        desk.say("Dort sind zu wenige Töne, als dass ich darüber allein etwas sagen könnte.")
    elif not told:
        desk.say(
            f"{stretch(here[0].timestamp)} ist dem Rest ähnlich. Am meisten unterscheidet sich "
            f"{topic(here[0].key)}: dort {number(here[0].value)}, im Ganzen "
            f"{number(here[0].usual)}; das kann Zufall sein."
        )
    else:
        desk.say(f"Was dort anders ist als im Ganzen von {named(desk, analysis)}:")
        desk.say_list([moment(m) for m in told])


async def tempo(desk: Desk, _: Intent) -> None:
    analysis = await heard(desk)
    if analysis is None:
        return
    told = measured("music_making_fast_slow", analysis)
    beat = analysis.measurements.get("tempo_bpm")
    if beat is None or beat.value is None:
        desk.say("Ich habe keinen Puls gefunden und kann es darum nicht sagen.", told)
        return
    desk.say(told, "Die Noten kenne ich nicht; der Puls kann der halbe oder doppelte sein.")


async def compare(desk: Desk, intent: Intent) -> None:
    """Two recordings, newer against older; only what goes beyond the uncertainty is told."""
    pair = pair_asked_for(desk)
    if pair is None:
        desk.say(
            "Zum Vergleichen brauche ich zwei Aufnahmen. Nimm dieselbe Stelle noch einmal auf und "
            "frag mich dann."
        )
        return
    newer, older = await desk.analysis(pair[0]), await desk.analysis(pair[1])
    if newer is None or older is None:
        desk.say("Vergleichen kann ich noch nicht: Eine der Aufnahmen hat keine Analyse.")
        return
    changed = changes(desk, newer, older, intent.keys)
    names = named(desk, newer), named(desk, older)
    if changed:
        desk.say(f"Von {names[1]} zu {names[0]} hat sich mehr verändert als die Unsicherheit:")
        desk.say_list(
            [
                f"{topic(after.key)}: von {number(before.value)} auf {number(after.value)}, zu "
                f"{pole(after.key, 'left' if after.value < before.value else 'right')}."
                for before, after in changed[:4]
            ]
        )
        desk.say("Die anderen Unterschiede sind zu klein, um etwas zu bedeuten.")
    else:
        desk.say(
            f"Zwischen {names[1]} und {names[0]} hat sich kein Wert um mehr als seine Unsicherheit "
            "verändert. Aus den kleinen Unterschieden würde ich nichts lesen."
        )
    takes = await desk.takes(newer.recording_id, older.recording_id)
    if takes is None:
        desk.say("Sind es zwei verschiedene Stücke, so erklärt die Musik einen Teil davon.")
        return
    desk.say("Ich habe die beiden nach ihren Tönen nebeneinandergelegt.")
    desk.say_list([_difference(one) for one in takes] or ["Keine Stelle weicht deutlich ab."])


def _difference(one: Contrast) -> str:
    faster, louder = one.faster_percent, one.louder_steps
    said = []
    if faster:
        said.append(f"{abs(faster)} % {'schneller' if faster > 0 else 'langsamer'}")
    if louder:
        said.append(f"{abs(louder)} Anschlagsstufen {'lauter' if louder > 0 else 'leiser'}")
    return f"{stretch(one.timestamp)}: {' und '.join(said)}."


async def plan(desk: Desk, intent: Intent) -> None:
    """Practice time shared out over the two things that need it most."""
    known = await desk.context()
    recording_id = asked_for(desk)
    analysis = await desk.analysis(recording_id) if recording_id is not None else None
    minutes = intent.minutes or minutes_in(known.constraints) or USUAL_MINUTES
    work = [] if analysis is None else worth_working_on(desk, analysis, known)
    work = list(dict.fromkeys([*[f for f in work if f.key in intent.keys], *work]))[:2]
    warm, first, second, rest = shares(minutes, len(work))
    if analysis is None:
        desk.say(
            f"Ich habe dich noch nicht gehört; das ist ein Plan für {minutes} Minuten ohne Thema. "
            "Lade eine Aufnahme hoch, dann sage ich dir, was hineingehört."
        )
    else:
        desk.say(f"{minutes} Minuten nach dem, was ich gehört habe: {listed(work)}.")
    subjects = [topic(f.key) for f in work] or ["eine schwere Stelle, langsam", "eine zweite"]
    lines = [
        f"{warm} Min.: die erste Phrase, langsam und leise.",
        f"{first} Min.: {subjects[0]}" + (", mit der Übung unten." if work else "."),
        *([f"{second} Min.: {subjects[-1]}, nur zwei oder vier Takte."] if second else []),
        f"{rest} Min.: einen ganzen Abschnitt ohne Anhalten; merk dir, was nicht ging.",
    ]
    desk.say_list(lines)
    desk.say("So sechs Tage lang. Am letzten nimm dieselbe Stelle wieder auf, am siebten ruh aus.")
    if work:
        await exercise_for(desk, work[0], known)
    if intent.minutes is None and minutes_in(known.constraints) is None:
        desk.say(f"Ich habe {minutes} Minuten am Tag angenommen. Wie viele hast du?")


async def occasion_finding(desk: Desk) -> str:
    """The one thing to mind before a performance, from the last recording."""
    recording_id = asked_for(desk)
    analysis = await desk.analysis(recording_id) if recording_id is not None else None
    if analysis is None:
        return ""
    return briefly(worth_working_on(desk, analysis, await desk.context())[0])
