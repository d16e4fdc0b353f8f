from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import delete

from crescendai.errors import Conflict, NotFound, UpstreamFailed
from crescendai.feedback import endpoints
from crescendai.feedback.schemas import Feedback
from crescendai.feedback.service import GROUNDED_MODEL, FeedbackService
from crescendai.feedback.verify import Draft, Verifier
from crescendai.feedback.writer import FeedbackWriter
from crescendai.identity.service import Caller, IdentityService
from crescendai.kit.prose import Language
from crescendai.kit.sql import Transactions
from crescendai.ports.language_model import ScriptedLanguageModel, Usage
from crescendai.recordings.schemas import Analysis
from crescendai.recordings.tables import RecordingRow
from crescendai.usage.service import UsageService
from tests.feedback.material import (
    LIBRARY,
    UNSTEADY,
    SmallSearch,
    StubRecordings,
    analysis,
)


class MemoryCache:
    def __init__(self) -> None:
        self.values: dict[str, bytes] = {}

    async def get(self, key: str) -> bytes | None:
        return self.values.get(key)

    async def set(self, key: str, value: bytes, expire_sec: float) -> None:
        self.values[key] = value

    async def delete(self, key: str) -> None:
        self.values.pop(key, None)

    async def ping(self) -> None: ...


@dataclass
class World:
    transactions: Transactions
    caller: Caller
    stranger: Caller

    async def add(self, *analyses: Analysis) -> StubRecordings:
        async with self.transactions.write() as session:
            for number, one in enumerate(analyses):
                session.add(_row(one.recording_id, self.caller, number))
        return StubRecordings(self.caller, *analyses)

    async def feedback(
        self,
        one: Analysis,
        search: SmallSearch | None = None,
        writer: FeedbackWriter | None = None,
        language: Language = "en",
    ) -> Feedback:
        service = FeedbackService(
            transactions=self.transactions,
            recordings=await self.add(one),
            search=search or SmallSearch(),
            writer=writer,
            meter=UsageService(self.transactions),
        )
        return await service.create(self.caller, one.recording_id, language)


@pytest.fixture
async def world(transactions: Transactions) -> World:
    identity = IdentityService(transactions, credentials_required=False)
    return World(
        transactions, await identity.ensure_user(), await identity.ensure_user("somebody-else")
    )


def check(feedback: Feedback, one: Analysis) -> None:
    """The promises of the contract, however the feedback was written."""
    advice = feedback.practice_recommendations
    assert 3 <= len(feedback.temporal_feedback) <= 5
    assert 3 <= len(advice.immediate_priorities) <= 5
    assert 2 <= len(advice.long_term_development) <= 3
    assert feedback.overall_assessment.strengths
    assert feedback.overall_assessment.priority_areas
    for item in feedback.temporal_feedback:
        assert 0 <= item.start < item.end <= one.duration
        assert set(item.dimensions) <= set(one.scores)
    passages = {hit.chunk_id: hit.text for hit in LIBRARY}
    ids = [citation.id for citation in feedback.citations]
    assert ids == [str(n) for n in range(1, len(ids) + 1)]
    for citation in feedback.citations:
        assert citation.quote in passages[citation.chunk_id]
    cited = [*(item.citations for item in advice.immediate_priorities)]
    cited += [aim.citations for aim in advice.long_term_development]
    assert {id for some in cited for id in some} == set(ids)
    verifier = Verifier(one, {hit.chunk_id: hit for hit in LIBRARY})
    again = Draft.model_validate(without_support(verifier.check(Draft.of(feedback)).model_dump()))
    assert again == Draft.model_validate(without_support(Draft.of(feedback).model_dump()))
    assert verifier.verification.supported_ratio == 1


def without_support(part: Any) -> Any:
    if isinstance(part, dict):
        return {k: without_support(v) for k, v in part.items() if k != "support"}
    return [without_support(one) for one in part] if isinstance(part, list) else part


@pytest.mark.parametrize("duration", [1.4, 5.0, 22.4, 600.0])
async def test_grounded_feedback_keeps_the_contract(world: World, duration: float) -> None:
    one = analysis(duration=duration)
    feedback = await world.feedback(one)
    check(feedback, one)
    assert feedback.model == GROUNDED_MODEL
    first = feedback.practice_recommendations.immediate_priorities[0]
    assert first.skill_area == "Pedal clarity"
    assert first.exercise.startswith("Syncopated pedal with one finger:\n1. Play a C major scale")
    assert first.expected_result.startswith("No two notes sound together")
    assert len(first.citations) == 2


@pytest.mark.parametrize("heard", [None, UNSTEADY])
@pytest.mark.parametrize("duration", [5.0, 22.4])
async def test_german_says_what_was_checked_in_english(
    world: World, heard: dict[str, float] | None, duration: float
) -> None:
    one = analysis(heard, duration=duration) if heard else analysis(duration=duration)
    english = await world.feedback(one)
    async with world.transactions.write() as session:
        await session.execute(delete(RecordingRow))
    german = await world.feedback(one, language="de")
    assert (english.language, german.language) == ("en", "de")
    said = list(zip(texts(english), texts(german), strict=True))
    assert len(said) > 10
    for in_english, in_german in said:
        assert in_english != in_german
        assert not re.search(r"\b(?:the|and|is|your)\b", in_german), in_german
        assert set(NUMBER.findall(in_german.replace(",", "."))) <= set(
            NUMBER.findall(in_english)
        ), (in_english, in_german)
    for part in ("start", "end", "dimensions", "support"):
        ours, theirs = (
            [getattr(item, part) for item in f.temporal_feedback] for f in (german, english)
        )
        assert ours == theirs
    assert [c.quote for c in german.citations] == [c.quote for c in english.citations]
    assert german.verification == english.verification
    assert german.overall_assessment.support == english.overall_assessment.support


NUMBER = re.compile(r"\d+(?:[.:]\d+)?")


def texts(feedback: Feedback) -> Iterator[str]:
    """What is said of the playing; exercises and quotes are the library's."""
    overall = feedback.overall_assessment
    yield from (overall.performance_character, *overall.strengths, *overall.priority_areas)
    for item in feedback.temporal_feedback:
        yield item.insight
        yield re.sub(r"“[^”]*”", "", item.practice_focus)
    for aim in feedback.practice_recommendations.long_term_development:
        yield re.sub(r"“[^”]*”", "", aim.approach)
    yield feedback.encouragement


async def test_a_language_models_feedback_stays_english(world: World) -> None:
    writer = FeedbackWriter(
        model=ScriptedLanguageModel(json_replies=[written()]), cache=MemoryCache()
    )
    feedback = await world.feedback(analysis(), writer=writer, language="de")
    assert (feedback.language, feedback.model) == ("en", "scripted")


async def test_different_playing_gets_different_advice(world: World) -> None:
    blurred, unsteady = analysis(), analysis(UNSTEADY, recording="earlier")
    one = await world.feedback(blurred)
    async with world.transactions.write() as session:
        await session.execute(delete(RecordingRow))
    other = await world.feedback(unsteady)
    check(other, unsteady)
    exercises = [
        feedback.practice_recommendations.immediate_priorities[0].exercise
        for feedback in (one, other)
    ]
    assert exercises[0].startswith("Syncopated pedal")
    assert exercises[1].startswith("Subtract the clicks")
    assert one.overall_assessment != other.overall_assessment
    assert one.encouragement != other.encouragement


async def test_an_empty_library_gives_uncited_listening_tests(world: World) -> None:
    one = analysis()
    feedback = await world.feedback(one, SmallSearch(()))
    check(feedback, one)
    assert feedback.citations == []
    assert "Choose four bars" in feedback.practice_recommendations.immediate_priorities[0].exercise


def written(**changes: Any) -> dict[str, Any]:
    """What a model writes when it does well; passage 1 is on what causes blurred pedalling."""
    good = {
        "passage": 1,
        "quote": "Blurred pedalling comes from lifting the foot too late",
        "relevance": "cause",
    }
    return {
        "strengths": ["Timing is at 0.31, which is steady."],
        "priority_areas": ["Pedal clarity is at 0.71."],
        "performance_character": "Slow and inward.",
        "temporal_feedback": [
            {
                "window": 3,
                "dimensions": ["pedal_clean_blurred"],
                "insight": "Pedal clarity goes to 0.84 here.",
                "practice_focus": "Listen to the bass.",
            }
        ],
        "immediate_priorities": [
            {
                "skill_area": "The late foot",
                "exercise": "Lift earlier: “lifting the foot too late” is the cause.",
                "expected_result": "Two harmonies never sound together.",
                "citations": [good],
            }
        ],
        "long_term_development": [
            {"musical_aspect": "Space", "approach": "Sing each phrase.", "citations": []}
        ],
        "encouragement": "Your timing carries you.",
    } | changes


async def model_feedback(world: World, replies: Sequence[Any]) -> tuple[Feedback, Analysis]:
    one = analysis()
    model = ScriptedLanguageModel(json_replies=list(replies))
    writer = FeedbackWriter(model=model, cache=MemoryCache())
    return await world.feedback(one, writer=writer), one


async def test_a_models_words_stand_when_they_are_true(world: World) -> None:
    feedback, one = await model_feedback(world, [written()])
    check(feedback, one)
    assert feedback.model == "scripted"
    assert feedback.overall_assessment.strengths == ["Timing is at 0.31, which is steady."]
    priorities = feedback.practice_recommendations.immediate_priorities
    assert priorities[0].skill_area == "The late foot"
    assert len(priorities) == 3  # filled up
    assert any(item.insight.startswith("Pedal clarity goes") for item in feedback.temporal_feedback)


@pytest.mark.parametrize(
    "changes",
    [
        {"strengths": ["Timing is at 0.13."]},
        {"priority_areas": ["Pedal clarity, 0.31, is blurred."]},
        {"performance_character": "All at 144 bpm."},
        {"encouragement": "You have gone up by 0.4."},
        {
            "temporal_feedback": [
                {
                    "window": 3,
                    "dimensions": ["pedal_clean_blurred"],
                    "insight": "Pedal clarity is at 0.84, as it was at 1:50.",
                    "practice_focus": "Again.",
                },
                {
                    "window": 99,
                    "dimensions": ["pedal_clean_blurred"],
                    "insight": "Late.",
                    "practice_focus": "Again.",
                },
                {
                    "window": 1,
                    "dimensions": ["colour_of_the_wall"],
                    "insight": "Green.",
                    "practice_focus": "Again.",
                },
            ]
        },
    ],
)
async def test_a_false_claim_is_replaced(world: World, changes: dict[str, Any]) -> None:
    feedback, one = await model_feedback(world, [written(**changes)])
    check(feedback, one)
    assert feedback.verification.supported_ratio < 1
    told = str(feedback.model_dump(exclude={"verification"}))
    for text in ("0.13", "0.31, is blurred", "1:50", "144 bpm", "by 0.4", "colour_of_the_wall"):
        assert text not in told


@pytest.mark.parametrize(
    "citation",
    [
        {"passage": 1, "quote": "Lift the foot a little sooner", "relevance": "x"},
        {"passage": 77, "quote": "Blurred pedalling comes from", "relevance": "x"},
        {"passage": 1, "quote": "", "relevance": "x"},
    ],
)
async def test_advice_with_a_false_quotation_is_left_out(
    world: World, citation: dict[str, Any]
) -> None:
    item = written()["immediate_priorities"][0] | {"citations": [citation]}
    feedback, one = await model_feedback(world, [written(immediate_priorities=[item])])
    check(feedback, one)
    areas = [p.skill_area for p in feedback.practice_recommendations.immediate_priorities]
    assert "The late foot" not in areas


@pytest.mark.parametrize(
    "exercise",
    [
        "Play it at 88 for 12 bars.",
        "As it says: “the foot must fly upwards”.",
        "See [4] for more.",
    ],
)
async def test_invented_exercise_numbers_and_words_are_left_out(
    world: World, exercise: str
) -> None:
    item = written()["immediate_priorities"][0] | {"exercise": exercise}
    feedback, one = await model_feedback(world, [written(immediate_priorities=[item])])
    check(feedback, one)
    assert exercise not in str(feedback.model_dump())


@pytest.mark.parametrize(
    "reply", [UpstreamFailed("llm_unavailable", "AI service unavailable"), {"strengths": "no"}]
)
async def test_without_a_usable_answer_the_grounded_text_stands(world: World, reply: Any) -> None:
    feedback, one = await model_feedback(world, [reply])
    check(feedback, one)
    assert feedback.model == GROUNDED_MODEL


async def test_the_same_question_is_answered_from_the_cache(world: World) -> None:
    one = analysis()
    model = ScriptedLanguageModel(json_replies=[written()])
    cache = MemoryCache()
    service = FeedbackService(
        transactions=world.transactions,
        recordings=await world.add(one),
        search=SmallSearch(),
        writer=FeedbackWriter(model=model, cache=cache),
        meter=UsageService(world.transactions),
    )
    first = await service.create(world.caller, one.recording_id)
    second = await service.create(world.caller, one.recording_id)
    assert len(model.asked) == 1
    usage = UsageService(world.transactions)
    assert await usage.tokens_since(world.caller, 0) == 300  # an answer from the cache is free
    assert await usage.tokens_since(world.stranger, 0) == 0
    assert [item.kind for item in (await usage.report(world.caller)).items] == ["feedback"]
    assert all(key.startswith("llm:") for key in cache.values)
    assert first.citations == second.citations
    history = await service.history(world.caller, one.recording_id)
    assert {item.feedback_id for item in history.items} == {first.feedback_id, second.feedback_id}


async def test_feedback_belongs_to_its_caller_and_goes_with_its_recording(world: World) -> None:
    one, pending = analysis(), uuid4()
    recordings = await world.add(one)
    recordings._pending = (pending,)
    service = FeedbackService(
        transactions=world.transactions,
        recordings=recordings,
        search=SmallSearch(),
        meter=UsageService(world.transactions),
    )
    await service.create(world.caller, one.recording_id)
    for attempt in (service.create, service.history):
        with pytest.raises(NotFound):
            await attempt(world.stranger, one.recording_id)
    with pytest.raises(Conflict):
        await service.create(world.caller, pending)
    assert (await service.history(world.caller, pending)).items == []
    async with world.transactions.write() as session:
        await session.execute(delete(RecordingRow))
    assert (await service.history(world.caller, one.recording_id)).items == []


@pytest.fixture
async def client(world: World) -> AsyncGenerator[httpx.AsyncClient, None]:
    app = FastAPI()
    app.include_router(endpoints.router)
    app.state.identity = IdentityService(world.transactions, credentials_required=False)
    app.state.feedback = FeedbackService(
        transactions=world.transactions,
        recordings=await world.add(analysis()),
        search=SmallSearch(),
        meter=UsageService(world.transactions),
    )
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as made:
        yield made


async def test_feedback_over_http(client: httpx.AsyncClient) -> None:
    path = f"/api/feedback/{analysis().recording_id}"
    made = await client.post(path)
    assert made.status_code == 201
    assert (await client.get(path)).json() == {"items": [made.json()]}
    assert set(made.json()) == {
        "feedback_id",
        "language",
        "made_with",
        "recording_id",
        "overall_assessment",
        "temporal_feedback",
        "practice_recommendations",
        "encouragement",
        "citations",
        "verification",
        "model",
        "created_at",
    }
    assert made.json()["verification"]["supported_ratio"] == 1.0
    assert made.json()["verification"]["claims"] > 10
    moment = made.json()["temporal_feedback"][0]
    assert moment["support"][0]["dimension"] == moment["dimensions"][0]


def _row(recording_id: UUID, caller: Caller, number: int) -> RecordingRow:
    return RecordingRow(
        id=recording_id,
        owner_id=caller.user_id,
        filename="take.wav",
        format="wav",
        size_bytes=1,
        sha256=f"{number:064d}",
        status="ready",
        stage="done",
        percent=100,
        duration=22.4,
        created_at=1_760_000_000_000,
        updated_at=1_760_000_000_000,
    )


async def test_another_recordings_answer_is_never_used_even_if_all_else_is_the_same() -> None:
    first, second = analysis(recording="mine"), analysis(recording="somebody else's")
    model = ScriptedLanguageModel(json_replies=[written(), written()])
    writer = FeedbackWriter(model=model, cache=MemoryCache())
    spent: list[Usage] = []
    for one in (first, second, first):
        await writer.write(one, list(LIBRARY), spent.append)
    assert len(model.asked) == 2


async def test_a_feedback_names_the_model_that_really_wrote_it(world: World) -> None:
    model = ScriptedLanguageModel(json_replies=[written()], json_usage=Usage(9, 3, "the-second"))
    writer = FeedbackWriter(model=model, cache=MemoryCache())
    one = analysis()
    feedback = await world.feedback(one, writer=writer)
    assert feedback.model == "the-second"
    assert feedback.made_with == {"model": "the-second", "prompt": "feedback-1", "library": "0"}
