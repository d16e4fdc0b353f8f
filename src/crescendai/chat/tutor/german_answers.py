"""What the tutor says in German itself; what the English library says follows in English."""

from __future__ import annotations

from crescendai.chat.tutor.desk import Desk
from crescendai.chat.tutor.exercises import exercise_for, worth_working_on
from crescendai.chat.tutor.german_phrases import listed
from crescendai.chat.tutor.intents import Intent, Kind
from crescendai.chat.tutor.listening import asked_for
from crescendai.recordings.schemas import Analysis

TALK: dict[Kind, str] = {
    "thanks": "Gern. Nimm dieselbe Stelle in ein paar Tagen noch einmal auf, dann vergleichen wir.",
    "introduction": "Ich höre deine Aufnahmen und helfe dir beim Üben: was auffällt und wie sicher "
    "das ist, welche Stellen anders klingen, was ein Wert bedeutet, eine Übung, ein Plan für deine "
    "Zeit, zwei Aufnahmen im Vergleich. Ich höre nur den Klang: Deine Hände sehe ich nicht, und "
    "die Noten kenne ich nicht.",
    "pain": "Bitte hör für heute auf zu spielen. Durch Schmerzen, Taubheit oder Kribbeln übt man "
    "nicht hindurch, und aus einer Aufnahme kann ich sie nicht beurteilen. Geh zu einer Ärztin "
    "oder Physiotherapeutin, die Musiker kennt, bevor du weitermachst. Eine Übung gebe ich dir "
    "dafür nicht. Hören, Noten lesen und Fingersätze planen zählen bis dahin auch als Üben.",
    "scores": "Ein Wert stellt dein Spiel zwischen zwei Pole, beim Pedal etwa zwischen klar und "
    "verwaschen: 0 ist ganz das eine, 1 ganz das andere. Er ist keine Note. Das Intervall daneben "
    "sagt, wie sicher ich bin; schließt es die Mitte ein, würde ich wenig darauf bauen.",
    "mark": "Noten gebe ich nicht. Ich kann dir sagen, was auffällt, wie sicher das ist und was "
    "durch Üben am meisten gewinnt.",
    "acknowledged": "Gut. Spiel es, wenn du so weit bist, und nimm es noch einmal auf.",
    "others": "Ich höre nur, was du selbst hochgeladen hast; die Aufnahmen anderer gehören ihnen.",
    "wrong_notes": "Falsche von richtigen Tönen kann ich nicht unterscheiden: Ich höre, was du "
    "spielst, kenne aber die Noten nicht. Hör die Aufnahme mit den Noten in der Hand und frag mich "
    "nach den Stellen, an denen du hängen bleibst.",
    "unclear": "Ich bin nicht sicher, was du meinst. Soll ich dir sagen, was in deiner Aufnahme "
    "auffällt, oder was du als Nächstes üben könntest?",
}

HURT_BEFORE = (
    "Vorhin hast du gesagt, dass dir etwas weh tut. Solange das so ist, gebe ich dir keine Übung: "
    "Hör auf zu spielen und lass es von einer Ärztin oder Physiotherapeutin ansehen, die Musiker "
    "kennt. Ist es vorbei? Dann sag es mir, und wir fangen langsam an."
)


async def talk(desk: Desk, intent: Intent) -> None:
    """What needs no recording and no library."""
    desk.say(TALK[intent.kind])


async def greet(desk: Desk, _: Intent) -> None:
    name = desk.filename(desk.brief.recording_id) if desk.brief.recording_id else None
    if name is None:
        desk.say(
            "Hallo. Ich habe dich noch nicht spielen gehört. Lade eine Aufnahme hoch, eine Minute "
            "vom Telefon genügt, oder frag mich nach dem, was du gerade übst."
        )
        return
    desk.say(
        f"Hallo. Ich habe „{name}“ gehört. Beginnen wir mit dem, was darin auffällt, oder gibt es "
        "eine Stelle, die dich beschäftigt?"
    )


async def overview(desk: Desk, _: Intent) -> None:
    """What is secure, what marks the playing, what deserves work."""
    analysis = await heard(desk)
    if analysis is None:
        return
    sure = [f for f in desk.ear.findings(analysis) if f.certainty != "middle"]
    good = [f for f in sure if f.welcome][:2]
    taste = [f for f in sure if f.welcome is None][:2]
    work = [f for f in sure if f.welcome is False][:2]
    if good:
        desk.say(f"Darauf kannst du dich verlassen: {listed(good)}.")
    if taste:
        desk.say(
            f"Das prägt den Charakter: {listed(taste)}. Das ist weder gut noch schlecht; es soll "
            "das sein, was das Stück verlangt."
        )
    if work:
        desk.say(f"Daran würde ich arbeiten: {listed(work)}. Soll ich dir eine Übung geben?")
    if not sure:
        desk.say(
            "Nichts geht weit zu einer Seite: Alle Werte liegen nahe der Mitte. Was soll das Stück "
            "sagen? Spiel es beim nächsten Mal entschiedener so."
        )


async def work_on(desk: Desk, _: Intent) -> None:
    """The one thing to work on, and an exercise for it in the library's own words."""
    analysis = await heard(desk)
    if analysis is None:
        return
    known = await desk.context()
    work = worth_working_on(desk, analysis, known)[0]
    desk.say(f"Als Nächstes: {listed([work])}. Dazu eine Übung aus der englischen Bibliothek:")
    await exercise_for(desk, work, known)


async def heard(desk: Desk) -> Analysis | None:
    """The analysis that the turn is about; None after telling the person why there is none."""
    recording_id = asked_for(desk)
    if recording_id is None:
        desk.say("Ich habe dich noch nicht spielen gehört. Lade eine Aufnahme hoch und frag dann.")
        return None
    analysis = await desk.analysis(recording_id)
    if analysis is None:
        desk.say("Das kann ich noch nicht sagen: Die Aufnahme hat noch keine Analyse.")
    return analysis
