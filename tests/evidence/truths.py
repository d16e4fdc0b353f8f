"""True sentences about many analyses: the grounded feedback's own, and as a model words them."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import crescendai.knowledge
from crescendai.evidence.ground import Focus, Ground, is_on, is_sure, scored
from crescendai.evidence.repair import sentences
from crescendai.evidence.scales import SCALES, Side, pole
from crescendai.feedback import advice, library
from crescendai.feedback.findings import findings, moments
from crescendai.feedback.outliers import outliers
from crescendai.feedback.schemas import FeedbackBody
from crescendai.feedback.selection import select
from crescendai.identity.service import Caller
from crescendai.knowledge.results import Hit
from crescendai.music.dimensions import ALL_KEYS, DIMENSION_KEYS
from crescendai.recordings.schemas import Analysis
from tests.feedback.material import BLURRED, SmallSearch, analysis, hit

HANDBOOK = Path(crescendai.knowledge.__file__).parent / "handbook"


@dataclass(frozen=True)
class Truth:
    """A sentence that holds, and what it is held against. ``by`` is who worded it."""

    text: str
    ground: Ground
    focus: Focus
    by: str


@cache
def handbook() -> tuple[Hit, ...]:
    """The handbook's sections as passages."""
    passages = []
    for path in sorted(HANDBOOK.glob("*.md")):
        front, _, text = path.read_text("utf-8").removeprefix("---").partition("---")
        named = re.search(r"^dimensions: (.+)$", front, re.MULTILINE)
        keys = tuple(named[1].split(", ")) if named else ()
        title = re.search(r"^# (.+)$", text, re.MULTILINE)
        for section in re.split(r"(?m)^(?=#{2,3} )", text):
            heading = re.match(r"#{1,3} (.+)", section.strip())
            if heading and title:
                one = hit(title[1], heading[1], section.strip(), keys, "")
                passages.append(one)
    return tuple(passages)


def invented(seed: int, windows_differ: float = 0.12) -> Analysis:
    """An analysis of plausible, random values; the windows are scattered around the whole."""
    chance = random.Random(seed)
    values = {key: round(chance.uniform(0.18, 0.82), 4) for key in BLURRED}
    one = analysis(values, duration=chance.uniform(14, 58), recording=f"take {seed}")
    segments = [
        segment.model_copy(
            update={
                "scores": {
                    key: round(min(max(v + chance.gauss(0, windows_differ), 0.01), 0.99), 4)
                    for key, v in segment.scores.items()
                }
            }
        )
        for segment in one.temporal_segments
    ]
    intervals = {}
    for key, value in values.items():
        half = chance.uniform(0.06, 0.2)
        intervals[key] = (round(max(value - half, 0), 4), round(min(value + half, 1), 4))
    return one.model_copy(update={"temporal_segments": segments, "intervals": intervals})


async def feedback_on(one: Analysis) -> tuple[FeedbackBody, Ground]:
    """The grounded feedback with the handbook as its library."""
    chosen = select(findings(one), moments(one), one.duration, outliers(one))
    found, passages = await library.consult(
        SmallSearch(handbook()), Caller(one.recording_id), chosen.priorities, chosen.long_term
    )
    body = advice.compose(chosen, found)
    cited = {c.id: passages[c.chunk_id] for c in body.citations}
    names = tuple(f[1].name for f in (v.exercise for v in found.values()) if f is not None)
    return body, Ground((one,), cited, tuple(passages.values()), names)


async def of_feedback(one: Analysis) -> list[Truth]:
    body, ground = await feedback_on(one)
    everywhere = Focus()
    texts = [
        *body.overall_assessment.strengths,
        *body.overall_assessment.priority_areas,
        body.overall_assessment.performance_character,
        body.encouragement,
        *(a.approach for a in body.practice_recommendations.long_term_development),
        *(
            f"{p.exercise}\n{p.expected_result}"
            for p in body.practice_recommendations.immediate_priorities
        ),
    ]
    truths = [t for text in texts for t in _in_turn(text, ground, everywhere, "feedback")]
    for item in body.temporal_feedback:
        focus = Focus(tuple(item.dimensions), (item.start, item.end))
        truths += _in_turn(item.insight, ground, focus, "feedback")
        truths += _in_turn(item.practice_focus, ground, focus, "feedback")
    return truths


def _in_turn(text: str, ground: Ground, focus: Focus, by: str) -> Iterator[Truth]:
    from crescendai.evidence.check import check_sentence

    for sentence in sentences(text):
        if sentence.strip():
            yield Truth(sentence.strip(), ground, focus, by)
        focus = check_sentence(sentence, ground, focus).focus


def as_a_model_says(one: Analysis, seed: int) -> list[Truth]:
    """What a language model with the same analysis might truly say, in its own ways."""
    chance = random.Random(seed)
    ground = Ground((one,), {"1": handbook()[seed % len(handbook())]})
    said: list[str] = []
    for key in chance.sample(list(ALL_KEYS), 8):
        scale, value = SCALES[key], scored(one, key)
        side: Side = "left" if value < 0.5 else "right"
        low, high = one.intervals[key]
        words = pole(key, side)
        said.append(f"Your score for {scale.topic} is {value:.2f}.")
        said.append(
            f"With {scale.topic} at {value:.2f} (80 % interval {low:.2f} to {high:.2f}), "
            "we have something to talk about."
        )
        if is_on(one, key, side):
            said.append(f"Listening back, {scale.topic} is on the {words} side ({value:.2f}).")
            said.append(f"Your {scale.topic} leans towards {words}.")
            said.append(f"I hear {scale.name(side)} in this take.")
        if is_sure(one, key):
            said.append(f"Your {scale.topic} is clearly {words}, at {value:.2f}.")
    for segment in chance.sample(one.temporal_segments, 3):
        key = chance.choice(DIMENSION_KEYS)
        here, usual = segment.scores[key], one.scores[key]
        if f"{here:.2f}" == f"{usual:.2f}":
            continue
        towards = pole(key, "left" if here < usual else "right")
        at = segment.timestamp.replace("-", " to ")
        topic = SCALES[key].topic
        said.append(
            f"From {at}, {topic} moves closer to {towards} than elsewhere "
            f"({here:.2f} against {usual:.2f} overall)."
        )
        said.append(f"Around {segment.timestamp.split('-')[0]} {topic} sits at {here:.2f}.")
    tempo = one.measurements["tempo_bpm"].value or 0.0
    said.append(f"Your tempo was around {tempo:.0f} bpm.")
    said.append(f"The take lasts {one.duration:.0f} seconds, so listen to all of it twice.")
    said += [
        "Would you like an exercise for the pedal, or shall we look at the timing first?",
        "Try the same four bars with less pedal, then with more, and keep what serves the music.",
        "If the pedal sounds blurred to you, change it a little earlier.",
        "Record it again after 10 minutes of slow practice, 3 times a week.",
        "Play the passage louder than you think you should, then as softly as you can.",
        "That is a thoughtful question.",
        "A dark tone can be exactly right in this piece.",
        "I can't tell wrong notes from right ones, because I don't know the score.",
    ]
    passage = ground.cited["1"]
    lines = [ln for ln in passage.text.splitlines() if len(ln) > 60 and not ln.startswith("#")]
    if lines:
        quote = re.sub(r"^\d+\. |^- ", "", re.split(r"(?<=[.!?]) ", lines[0])[0])
        said.append(f"The handbook puts it like this: “{quote}” [1]")
    return [replace(Truth(s, ground, Focus(), "model")) for s in said]
