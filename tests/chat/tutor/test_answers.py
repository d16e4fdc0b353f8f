from __future__ import annotations

import re
from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from crescendai.chat.brief import Said, TurnBrief
from crescendai.chat.events import Cited, Token, ToolCalled, TurnEvent, UsageReported
from crescendai.chat.schemas import ContextUpdate, TurnRequest
from crescendai.chat.tutor import german_intents
from crescendai.chat.tutor.engine import ANSWERS, MODEL_ID, BuiltinTutor
from crescendai.chat.tutor.german import is_german
from crescendai.errors import NotFound
from crescendai.evidence.ground import Ground
from crescendai.evidence.repair import Account, verify_text
from crescendai.feedback import findings, passages
from crescendai.identity.service import Caller
from crescendai.knowledge.results import Hit
from crescendai.recordings.tables import RecordingRow
from crescendai.recordings.takes import Stretch, TakeComparison
from tests.chat.conftest import World
from tests.chat.tutor.test_intents import GERMAN
from tests.feedback.material import LIBRARY, analysis

TUTOR = BuiltinTutor(ear=findings, reader=passages, pace_sec=0)
QUESTIONS = [
    "Hi!",
    "What can you do?",
    "How was my recording?",
    "Why is my pedal so blurred?",
    "What is my timing score?",
    "What should I practise next?",
    "Which moment stands out most?",
    "What was my weakest moment?",
    "What is my strongest moment?",
    "How can I make my pedalling cleaner?",
    "What does una corda mean?",
    "Plan my week, I have 30 minutes a day",
    "My wrist hurts when I play octaves",
    "What's the weather today?",
    "Is my interpretation convincing?",
    "How fast did I play?",
    "Was my tempo steady?",
    "What grade would you give me?",
    "I have an exam on Friday",
    "what piece should I learn?",
]


async def events_of(
    world: World,
    message: str,
    *,
    recording_id: UUID | None = None,
    history: tuple[Said, ...] = (),
) -> list[TurnEvent]:
    request = TurnRequest(message=message, recording_id=recording_id)
    brief = await world.chat.begin_turn(world.caller, request)
    brief = TurnBrief(**(vars(brief) | {"history": history}))
    tools = world.toolbox.for_session(world.caller, brief.session_id)
    return [event async for event in TUTOR.answer(brief, tools)]


def text_of(events: list[TurnEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, Token))


async def ask(world: World, message: str, *history: Said) -> str:
    return text_of(await events_of(world, message, history=history))


@pytest.mark.parametrize("message", QUESTIONS)
async def test_every_quotation_is_cited_and_every_number_true(world: World, message: str) -> None:
    events = await events_of(world, message)
    text = text_of(events)
    assert text.strip()
    library = {hit.chunk_id: hit.text for hit in LIBRARY}
    cited = [event.citation for event in events if isinstance(event, Cited)]
    for citation in cited:
        assert citation.quote in library[citation.chunk_id]
    assert re.findall(r"\[(\d+)\]", text) == [citation.id for citation in cited]
    for quoted in re.findall(r"“([^”]+)” \[\d+\]", text):
        assert any(quoted == citation.quote for citation in cited)
    one = analysis()
    ground = Ground(
        (one,), {c.id: _passage(c.chunk_id) for c in cited}, LIBRARY, ("take-1.wav", "take-2.wav")
    )
    account = Account()
    assert verify_text(text, ground, account) == text
    assert account.dropped == account.repaired == 0
    last = events[-1]
    assert isinstance(last, UsageReported)
    assert last.model == MODEL_ID


def _passage(chunk_id: UUID) -> Hit:
    return next(hit for hit in LIBRARY if hit.chunk_id == chunk_id)


async def test_pace_is_measured_and_steadiness_is_timing(world: World) -> None:
    assert (await ask(world, "How fast did I play?")).startswith(
        "Measured rather than rated: a tempo of about 72 beats a minute."
    )
    assert (await ask(world, "Was my tempo steady?")).startswith(
        "Timing in “take-1.wav” is at 0.31"
    )


async def test_another_exercise_is_given_for_one_that_failed(world: World) -> None:
    first = await ask(world, "How do I clean up my blurred pedal?")
    history = Said("user", "How do I clean up my blurred pedal?"), Said("assistant", first)
    text = await ask(world, "that didn't work", *history)
    assert text.startswith("Then let's come at pedal clarity from another side")
    assert "outside my subject" not in text
    assert "Syncopated pedal" not in text or "Stay with" in text


@pytest.mark.parametrize(
    ("message", "part"),
    [
        ("What grade would you give me?", "I don't give marks"),
        ("I have an exam on Friday", "mind one thing only: pedal clarity (0.71"),
        ("what piece should I learn?", "What have you played last that felt comfortable?"),
    ],
)
async def test_it_stays_honest_and_helpful(world: World, message: str, part: str) -> None:
    text = await ask(world, message)
    assert part in text
    assert "outside my subject" not in text


async def test_it_speaks_word_by_word_after_looking_things_up(world: World) -> None:
    events = await events_of(world, "Why is my pedal so blurred?")
    tokens = [n for n, event in enumerate(events) if isinstance(event, Token)]
    calls = [n for n, event in enumerate(events) if isinstance(event, ToolCalled)]
    assert max(calls) < min(tokens)
    assert len(tokens) > 60
    assert all(len(events[n].text.split()) <= 1 for n in tokens)  # type: ignore[union-attr]


async def test_a_score_is_explained_with_its_uncertainty_and_place(world: World) -> None:
    text = await ask(world, "Why is my pedal so blurred?")
    assert text.startswith(
        "Pedal clarity in “take-1.wav” is at 0.71, on a scale from clean (0) to blurred (1). That "
        "is clearly blurred: the 80 % interval runs from 0.57 to 0.84 and leaves out the middle."
    )
    assert "Listen to 0:06 to 0:09, where it goes furthest (0.84)" in text
    assert "“Blurred pedalling comes from lifting the foot too late" in text
    assert "Debussy" in text


async def test_next_is_what_needs_it_most_with_an_exercise(world: World) -> None:
    text = await ask(world, "What should I practise next?")
    assert text.startswith("Work on pedal clarity next.")
    assert "\n1. Play a C major scale with one finger" in text
    assert "You have it when no two notes sound together" in text


async def test_goals_time_level_and_style_are_respected(world: World) -> None:
    await world.chat.put_context(
        world.caller,
        ContextUpdate(
            goals=["More contrast in my dynamic range"],
            constraints=["12 minutes a day"],
            experience_level="beginner",
            feedback_style="gentle",
        ),
    )
    text = await ask(world, "What should I practise next?")
    assert text.startswith("You can leave timing as it is (0.31, stable).")
    assert "Work on dynamic range next." in text
    assert "“More contrast in my dynamic range”" in text
    assert "your 12 minutes" in text
    assert "80 %" not in text


async def test_a_plan_adds_up(world: World) -> None:
    for minutes in (5, 10, 20, 45, 90):
        text = await ask(world, f"Plan my practice, I have {minutes} minutes a day")
        assert sum(int(found) for found in re.findall(r"\n- (\d+) min", text)) == minutes


async def test_comparing_tells_only_what_is_beyond_the_uncertainty(world: World) -> None:
    text = await ask(world, "Compare take-1 with take-2")
    assert "- Timing: from 0.77 to 0.31, towards stable." in text
    assert "Mood" not in text
    await world.forget(world.earlier_id)
    assert "only one of yours" in await ask(world, "Compare my last two recordings")


async def test_another_exercise_is_another(world: World) -> None:
    given = Said("assistant", "Pedal: **Syncopated pedal with one finger** exercise")
    text = await ask(world, "another exercise", Said("user", "My pedal is muddy"), given)
    assert "**Syncopated" not in text


async def test_pain_means_stop_and_no_exercise(world: World) -> None:
    text = await ask(world, "My wrist hurts when I play octaves. Give me an exercise.")
    assert text.startswith("Please stop playing for today.")
    assert "doctor or a physiotherapist" in text
    assert "1." not in text


async def test_somebody_who_told_of_an_injury_is_reminded_before_an_exercise(world: World) -> None:
    told = ContextUpdate(constraints=["20 minutes a day", "tendinitis in the left wrist"])
    await world.chat.put_context(world.caller, told)
    text = await ask(world, "What should I practise next?")
    assert text.index("stop at the first sign of pain") < text.index("\n1. ")


async def test_when_every_exercise_was_given_it_says_so(world: World) -> None:
    names = [exercise.name for hit in LIBRARY for exercise in passages.exercises(hit)]
    given = Said("assistant", " ".join(names))
    text = await ask(world, "another exercise", Said("user", "My pedal is muddy"), given)
    assert "You have had what the library offers" in text
    assert any(f"“{name}”" in text for name in names)


async def test_a_place_in_the_recording(world: World) -> None:
    assert "0:03 to 0:06" in await ask(world, "What happens at 0:04?")
    assert "Which place do you mean?" in await ask(world, "What happens at 59:04?")


async def test_the_recording_that_is_named_is_the_one_spoken_of(world: World) -> None:
    for name in ("take-1", "take-2"):
        assert f"“{name}.wav”" in await ask(world, f"What tempo did I play in {name}?")


async def test_another_language_is_answered_with_what_it_understands(world: World) -> None:
    for message in ("Comment travailler la pédale ?", "ペダルの使い方は？"):
        assert "only English" in await ask(world, message)


async def test_german_is_answered_in_german(world: World) -> None:
    text = await ask(world, "Wie war meine Aufnahme?")
    assert "Pedalklarheit (0,71, deutlich verwaschen)" in text
    assert "Daran würde ich arbeiten" in text
    assert "hör für heute auf" in await ask(world, "Mir tut die Hand weh")
    text = await ask(world, "Was soll ich als Nächstes üben?")
    assert text.startswith("Als Nächstes: Pedalklarheit")
    assert "[1]" in text


def _own_words(text: str) -> list[str]:
    """The tutor's paragraphs without quotations and exercises, which are the library's."""
    kept = [
        re.sub(r"[“„][^”“]*[”“]", "", line)
        for line in text.split("\n")
        if line and not re.match(r"\*\*|\d\. |Woran du es merkst", line)
    ]
    return [line for line in kept if len(re.findall(r"\w+", line)) > 4]


_ENGLISH = re.compile(r"\b(?:the|is|my|what|how|your|you|it|and|of|for|to|me|a)\b", re.IGNORECASE)


async def test_whatever_is_asked_in_german_is_answered_in_german(world: World) -> None:
    for message, _, _ in GERMAN:
        lines = _own_words(await ask(world, message))
        assert lines, message
        assert [line for line in lines if _ENGLISH.search(line) and not is_german(line)] == []
        assert any(is_german(line) for line in lines), message


async def test_every_intent_has_a_german_answer() -> None:
    assert set(german_intents.ANSWERS) == set(ANSWERS)


async def test_the_language_of_the_context_is_the_one_answered_in(world: World) -> None:
    await world.chat.put_context(world.caller, ContextUpdate(language="de"))
    for message in ("What should I practise next?", "Plan my week", "What is legato?"):
        assert is_german(_own_words(await ask(world, message))[0])
    request = TurnRequest(message="How was it?", language="en")
    assert (await world.chat.begin_turn(world.caller, request)).language == "en"


async def test_a_german_offer_can_be_taken(world: World) -> None:
    asked = "Warum ist mein Pedal so verwaschen?"
    history = (Said("user", asked), Said("assistant", await ask(world, asked)))
    text = await ask(world, "Ja, bitte", *history)
    assert "**" in text
    assert "Dazu aus der englischen Bibliothek" in text


async def test_a_piece_names_its_recording(world: World) -> None:
    async with world.transactions.write() as session:
        names = {world.recording_id: "bach-fugue.wav", world.earlier_id: "bach-prelude.wav"}
        for recording_id, filename in names.items():
            row = await session.get(RecordingRow, recording_id)
            assert row is not None
            row.filename = filename
    for message, name in (
        ("How was this prelude?", "bach-prelude"),
        ("How was my fugue?", "bach-fugue"),
        ("What tempo did I play in my prelude?", "bach-prelude"),
        ("Warum ist mein Pedal im Präludium so verwaschen?", "bach-prelude"),
        ("Was fällt in meiner Fuge am meisten auf?", "bach-fugue"),
    ):
        assert f"{name}.wav" in await ask(world, message)


async def test_two_takes_are_laid_side_by_side(world: World) -> None:
    stretch = Stretch(
        start=3.0,
        end=6.0,
        timestamp="0:03-0:06",
        other_start=3.4,
        other_end=6.9,
        matched_events=12,
        pace=1.14,
        loudness=-9.0,
        length=1.0,
        dimensions={},
    )

    class Aligned:
        async def compare(self, caller: Caller, one: UUID, other: UUID) -> TakeComparison:
            if caller != world.caller:
                raise NotFound("recording_missing", "There is no such recording.")
            return TakeComparison(
                recording_id=one,
                other=other,
                matched=0.95,
                pace=1.1,
                dimensions={},
                stretches=[stretch],
            )

    world.toolbox = replace(world.toolbox, takes=Aligned())
    text = await ask(world, "Compare my last two recordings")
    assert "0:03 to 0:06: 14 % faster and 9 velocity steps softer." in text
    text = await ask(world, "Vergleich meine letzten beiden Aufnahmen")
    assert "0:03 bis 0:06: 14 % schneller und 9 Anschlagsstufen leiser." in text


async def test_nothing_to_play_while_something_hurts(world: World) -> None:
    history = (
        Said("user", "My wrist hurts after octaves"),
        Said("assistant", "Please stop playing for today."),
    )
    for message in ("How do I practise octaves?", "What should I practise next?", "Plan my week"):
        text = await ask(world, message, *history)
        assert "won't give you anything to play" in text
        assert "[1]" not in text
    over = (*history, Said("user", "The pain is gone now"), Said("assistant", "Good."))
    assert "won't give you" not in await ask(world, "How do I clean my pedal?", *over)


async def test_what_the_library_does_not_know_is_said(world: World) -> None:
    assert "found nothing on that" in await ask(world, "What is sonata form in music?")
    assert "outside my subject" in await ask(world, "What's the weather in Paris?")


async def test_near_passages_that_do_not_answer_are_not_cited(world: World) -> None:
    question = "What causes blurred pedalling?"
    assert any(isinstance(event, Cited) for event in await events_of(world, question))
    world.search.confidence = 0.1
    events = await events_of(world, question)
    assert "found nothing on that" in text_of(events)
    assert not any(isinstance(event, Cited) for event in events)


async def test_without_a_recording_it_asks_for_one(world: World) -> None:
    await world.forget(world.recording_id, world.earlier_id)
    for message in ("How was it?", "What should I practise next?", "Where do I rush?"):
        assert "haven't heard you play yet" in await ask(world, message)
    assert "una corda, or left pedal" in await ask(world, "What does una corda mean?")


async def test_a_recording_under_analysis_is_told_so(world: World) -> None:
    pending = uuid4()
    world.recordings._pending = (pending,)
    request = TurnRequest(message="How was my recording?")
    brief = await world.chat.begin_turn(world.caller, request)
    brief = TurnBrief(**(vars(brief) | {"recording_id": pending}))
    tools = world.toolbox.for_session(world.caller, brief.session_id)
    text = text_of([event async for event in TUTOR.answer(brief, tools)])
    assert text == "I can't tell you yet. The recording is still being analysed."


async def test_small_hands_are_remembered_where_an_exercise_stretches(world: World) -> None:
    from tests.feedback.material import hit

    octaves = hit(
        "Octaves",
        "Exercise: Octave frame",
        "### Exercise: Octave frame\n\nThis exercise frees octaves.\n\n1. Play one octave.\n2. Let "
        "the wrist hang.\n\nCheck your progress: the wrist is loose.",
        (),
        "technique",
    )
    hands = hit(
        "Healthy Playing",
        "Small hands",
        "## Small hands\n\nSmall hands can play most of the repertoire with good planning of wide "
        "chords and octaves.",
        (),
        "health",
    )
    world.search._library = (octaves, hands)
    await world.chat.put_context(world.caller, ContextUpdate(constraints=["small hands"]))
    text = await ask(world, "How do I practise octaves?")
    assert "With your hands in mind: “Small hands can play most of the repertoire" in text
