"""Finds the numbers a sentence claims, and asks the analysis whether they are true.

    a number that …                              must equal …
    ───────────────────────────────────────────  ─────────────────────────────────────────────────
    stands as 0.62, beside a dimension's words   that dimension's score, interval or window score
    stands as 0.62, without any                  a score, interval, window score or measurement
    has a unit, as in 92 bpm or 35 ms            a measurement of that unit
    is a position, as in 0:06                    a moment inside the recording
    anything else, as in "bar 12" or "-4"        a measurement, or the recording's duration

A difference ("by 0.13") is in no analysis and so never holds.
0, 1 and "80 %" (the scale's ends and the intervals' level) are always allowed, and what stands in
“quotation marks” is checked against its passage elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from crescendai.feedback.scales import SCALES
from crescendai.recordings.schemas import Analysis, TemporalSegment

_QUOTED = re.compile(r"“[^”]*”|\"[^\"]*\"")
_MARK = re.compile(r"\[\d+\]")
_POSITION = re.compile(r"\b(\d+):(\d{2})(?:\.\d+)?\b")
_NUMBER = re.compile(
    r"(?<![\w.])[-−]?(\d+(?:[.,]\d+)?)\s*"
    r"(%|per cent|percent|bpm|beats per minute|ms|milliseconds|seconds|sec\b|s\b|per minute)?"
)
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")
_DIFFERENCE = re.compile(r"\bby (?:about )?[01]?[.,]\d")
_UNITS = {
    "bpm": ("beats per minute",),
    "beats per minute": ("beats per minute",),
    "ms": ("milliseconds", "ms"),
    "milliseconds": ("milliseconds", "ms"),
    "per minute": ("per minute",),
}
_ALWAYS = frozenset({"0", "1"})


def are_true(text: str, analysis: Analysis, keys: Sequence[str], start: float, end: float) -> bool:
    """Whether every number in the text holds for the stretch from start to end (seconds).

    ``keys`` are the dimensions a sentence is about when it names none itself.
    """
    bare = _MARK.sub("", _QUOTED.sub("", text))
    for minutes, seconds in _POSITION.findall(bare):
        if int(minutes) * 60 + int(seconds) > analysis.duration + 1e-6:
            return False
    windows = [s for s in analysis.temporal_segments if s.start < end and s.end > start]
    return all(
        _sentence_is_true(sentence, analysis, keys, windows)
        for sentence in _SENTENCE.split(_POSITION.sub("", bare))
    )


def _sentence_is_true(
    sentence: str, analysis: Analysis, keys: Sequence[str], windows: Sequence[TemporalSegment]
) -> bool:
    if _DIFFERENCE.search(sentence):
        return False
    named = _named(sentence) or list(keys) or list(SCALES)
    for number, unit in _NUMBER.findall(sentence):
        said = number.replace(",", ".")
        if said in _ALWAYS or (unit == "%" and said == "80"):
            continue
        if unit in _UNITS:
            values = _measured(analysis, _UNITS[unit])
        elif unit in ("%", "per cent", "percent"):
            values = [100 * value for value in _measured(analysis, ("fraction", "ratio"))]
        elif unit:
            values = [analysis.duration, *_measured(analysis, ("seconds",))]
        elif "." in said and float(said) < 1:
            values = _scores(analysis, named, windows)
            if not _named(sentence):
                values += _measured(analysis, ("",))
        else:
            values = [analysis.duration, *_measured(analysis, ("",))]
        if not _equals_one(said, values):
            return False
    return True


def _named(sentence: str) -> list[str]:
    """Dimensions whose key or words the sentence uses."""
    low = sentence.lower().replace("colorful", "colourful")
    return [
        key
        for key, scale in SCALES.items()
        if key in low or any(name in low for name in (scale.left, scale.right, scale.topic))
    ]


def _scores(
    analysis: Analysis, keys: Iterable[str], windows: Sequence[TemporalSegment]
) -> list[float]:
    whole = analysis.scores | analysis.holistic
    values: list[float] = []
    for key in keys:
        values += [whole[key], *analysis.intervals[key]]
        values += [window.scores[key] for window in windows if key in window.scores]
    return values


def _measured(analysis: Analysis, units: Sequence[str]) -> list[float]:
    return [
        measured.value
        for measured in analysis.measurements.values()
        if measured.value is not None and any(measured.unit.startswith(unit) for unit in units)
    ]


def _equals_one(said: str, values: Iterable[float]) -> bool:
    decimals = len(said.partition(".")[2])
    if decimals == 1 and float(said) < 1:
        decimals = 2  # 0.7 says 0.70: coarser numbers would equal almost any score
    return any(f"{value:.{decimals}f}" == f"{float(said):.{decimals}f}" for value in values)
