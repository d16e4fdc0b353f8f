"""What stands in a report, in words: the same for every format it is written in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

import crescendai
from crescendai.evidence.schemas import Support
from crescendai.feedback.schemas import Feedback, FeedbackCitation, TemporalItem
from crescendai.music.dimensions import BY_KEY, DIMENSIONS, HOLISTIC, Dimension
from crescendai.recordings.schemas import Analysis, Measurement, Recording
from crescendai.reports.words import Words

_UNITLESS = frozenset(
    ("", "1", "ratio", "count", "none", "notes", "trills", "mordents", "turns", "grace notes")
)


@dataclass(frozen=True)
class ScaleLine:
    """``leans`` is the side that the whole interval lies on, if any."""

    left: str
    right: str
    value: float
    low: float
    high: float
    leans: str
    words: str
    numbers: str


@dataclass(frozen=True)
class ScaleGroup:
    name: str
    lines: Sequence[ScaleLine]


@dataclass(frozen=True)
class Moment:
    span: str
    about: str
    insight: str
    practice: str
    rests_on: str


@dataclass(frozen=True)
class Step:
    """An exercise or an aim; ``sources`` are ids such as ``1``."""

    title: str
    text: str
    result: str
    sources: Sequence[str]


@dataclass(frozen=True)
class Source:
    id: str
    title: str
    place: str
    quote: str


@dataclass(frozen=True)
class Advice:
    character: str
    strengths: Sequence[str]
    priorities: Sequence[str]
    moments: Sequence[Moment]
    exercises: Sequence[Step]
    aims: Sequence[Step]
    encouragement: str
    sources: Sequence[Source]
    written: str


@dataclass(frozen=True)
class Report:
    title: str
    facts: Sequence[str]
    warnings: Sequence[str]
    groups: Sequence[ScaleGroup]
    advice: Advice | None
    measured: Sequence[tuple[str, str]]
    made: str


def compose(
    recording: Recording, analysis: Analysis, feedback: Feedback | None, words: Words
) -> Report:
    return Report(
        title=recording.filename,
        facts=[
            words("report.recorded", when=words.date(recording.created_at)),
            words("report.length", length=clock(analysis.duration)),
        ],
        warnings=analysis.audio_quality.warnings,
        groups=_groups(analysis, words),
        advice=None if feedback is None else _advice(feedback, words),
        measured=[
            (_measure_name(key, words), _measured(one, words))
            for key, one in analysis.measurements.items()
        ],
        made=words("report.made", version=crescendai.__version__, model=analysis.model_version),
    )


def clock(seconds: float) -> str:
    """75.4 → ``1:15``."""
    whole = int(seconds)
    return f"{whole // 60}:{whole % 60:02}"


def _groups(analysis: Analysis, words: Words) -> list[ScaleGroup]:
    by_group = groupby(DIMENSIONS, lambda dimension: dimension.group)
    named = [(words(f"dimgroup.{group}"), list(found)) for group, found in by_group]
    named.append((words("scales.whole"), list(HOLISTIC)))
    values = analysis.scores | analysis.holistic
    return [
        ScaleGroup(name, [_line(one, values[one.key], analysis, words) for one in found])
        for name, found in named
    ]


def _line(dimension: Dimension, value: float, analysis: Analysis, words: Words) -> ScaleLine:
    low, high = analysis.intervals.get(dimension.key, (value, value))
    left, right = (words(f"dim.{dimension.key}.{side}") for side in ("left", "right"))
    leans = "right" if low > 0.5 else "left" if high < 0.5 else ""
    said = words("reading.between", left=left, right=right)
    if leans:
        distance = abs(value - 0.5)
        degree = "slightly" if distance < 0.1 else "clearly" if distance < 0.25 else "strongly"
        said = words(f"reading.{degree}", pole=left if leans == "left" else right)
    figures = [words.number(number, 2) for number in (value, low, high)]
    numbers = words("report.likely", value=figures[0], low=figures[1], high=figures[2])
    return ScaleLine(left, right, value, low, high, leans, said, numbers)


def _dimension_name(key: str, words: Words) -> str:
    dimension = BY_KEY[key]
    return f"{words(f'dimgroup.{dimension.group}')}: {words(f'dim.{key}.name')}"


def _measure_name(key: str, words: Words) -> str:
    named = f"measure.{key}"
    return words(named) if words.known(named) else key.replace("_", " ")


def _measured(one: Measurement, words: Words) -> str:
    if one.value is None:
        if not one.needs:
            return words("measure.none")
        needs = words("measured.needs", what=_in_words("needs", one.needs, words))
        return f"{words('measure.none')} ({needs})"
    if one.unit == "fraction":
        return f"{words.number(one.value * 100, 1 if one.value < 0.1 else 0)} %"
    size = abs(one.value)
    digits = 0 if float(one.value).is_integer() or size >= 1000 else 2 if size < 10 else 1
    unit = "" if one.unit in _UNITLESS else _in_words("unit", one.unit, words)
    return f"{words.number(one.value, digits)} {unit}".rstrip()


def _in_words(kind: str, text: str, words: Words) -> str:
    """Words of an analysis in the report's language, where there are some."""
    key = f"{kind}.{re.sub(r'[^a-z0-9]+', '_', text.lower())}"
    return words(key) if words.known(key) else text.replace("_", " ")


def _advice(feedback: Feedback, words: Words) -> Advice:
    overall, plan = feedback.overall_assessment, feedback.practice_recommendations
    return Advice(
        character=overall.performance_character,
        strengths=overall.strengths,
        priorities=overall.priority_areas,
        moments=[_moment(one, words) for one in feedback.temporal_feedback],
        exercises=[
            Step(
                one.skill_area,
                one.exercise,
                words("advice.expect", result=one.expected_result),
                one.citations,
            )
            for one in plan.immediate_priorities
        ],
        aims=[
            Step(one.musical_aspect, one.approach, "", one.citations)
            for one in plan.long_term_development
        ],
        encouragement=feedback.encouragement,
        sources=[_source(one, words) for one in feedback.citations],
        written=words("advice.written", when=words.date(feedback.created_at), model=feedback.model),
    )


def _moment(one: TemporalItem, words: Words) -> Moment:
    values = "; ".join(_evidence(one.support, words))
    return Moment(
        span=one.timestamp,
        about=" · ".join(_dimension_name(key, words) for key in one.dimensions),
        insight=one.insight,
        practice=one.practice_focus,
        rests_on=words("report.rests", values=values) if values else "",
    )


def _evidence(support: Iterable[Support], words: Words) -> list[str]:
    """The values of the recording among what a claim rests on, each once."""
    found: dict[str, None] = {}
    for one in support:
        if one.value is None or not (one.dimension or one.measurement):
            continue
        name = (
            _dimension_name(one.dimension, words)
            if one.dimension
            else _measure_name(one.measurement or "", words)
        )
        where = (
            words("evidence.whole")
            if one.segment is None
            else f"{clock(one.segment.start)}–{clock(one.segment.end)}"
        )
        found[f"{name} {words.number(one.value, 2)} ({where})"] = None
    return list(found)


def _source(one: FeedbackCitation, words: Words) -> Source:
    page = None if one.page is None else words("source.page", n=one.page)
    place = " · ".join(part for part in (one.author, one.heading, page) if part)
    return Source(one.id, one.title, place, one.quote)
