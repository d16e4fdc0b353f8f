"""The numbers of a sentence, each with the part it plays, and the values it may have.

    a number that …                              must equal …
    ───────────────────────────────────────────  ─────────────────────────────────────────────────
    stands as 0.62                               the score of the dimension it stands by: of the
                                                 windows named, or of the whole
    follows "interval"                           that dimension's lower, then upper bound
    is said of "the whole"                       that dimension's score of the whole
    has a unit, or a measurement's words by it   that measurement
    counts minutes, days, times, repetitions     nothing: it says what to do
    is anything else, as in "bar 12"             a measurement, or the duration

A difference ("by 0.13") is in no analysis and so never holds. 0 and 1 as a scale's ends, and the
80 % of the intervals, are always allowed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from crescendai.evidence.ground import Ground, Known, bounds, in_windows, whole, windows_in
from crescendai.evidence.schemas import Span, Support

POSITION = re.compile(r"\b(\d{1,3}):([0-5]\d)\b")
RANGE = re.compile(r"\b(\d{1,3}):([0-5]\d)(?:\s*(?:to|and|until|[-–—])\s*(\d{1,3}):([0-5]\d))?\b")
NUMBER = re.compile(
    r"(?<![\w.:])[-−]?(\d+(?:[.,]\d+)?)(?![\d:])(\s*-?\s*)"
    r"(%|per cent|percent|bpm\b|beats (?:a|per) minute|ms\b|milliseconds|seconds?\b|sec\b|s\b|"
    r"notes (?:a|per) second|per minute|(?:min(?:ute)?s?|hours?|days?|weeks?|months?|times|"
    r"repetitions|bars(?: only)?|takes|exercises|recordings|things|steps|sessions?|pieces)\b)?",
    re.IGNORECASE,
)
_BY = re.compile(r"\b(?:by|difference of|up|down|gain(?:ed)? of) (?:about |around )?$", re.I)
_PRESCRIBED = re.compile(
    r"^(?:min|hour|day|week|month|times|repetitions|bars|takes|exercises|recordings|things|steps|"
    r"session|piece)",
    re.IGNORECASE,
)
_HERE = re.compile(r"^\W*(?:here|there)\b", re.IGNORECASE)
_WHOLE = re.compile(r"^\W*(?:over the whole|overall|on average|in the whole|for the whole)", re.I)
_MEASURED: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"spread", ("tempo_spread_bpm",)),
    (r"tempo|bpm|beats (?:a|per) minute", ("tempo_bpm",)),
    (r"overlap", ("key_overlap_ratio",)),
    (r"staccato", ("staccato_fraction",)),
    (r"velocity range", ("velocity_range",)),
    (r"mean velocity", ("velocity_mean",)),
    (r"notes (?:a|per) second", ("note_density_per_sec",)),
    (r"asynchrony|chords? .{0,20}apart", ("chord_asynchrony_ms",)),
    (r"melody .{0,30}velocity", ("melody_lead_velocity",)),
    (r"pedal (?:is )?down|pedal-down", ("pedal_down_fraction",)),
    (r"pedal changes", ("pedal_changes_per_minute",)),
)
_UNITS = {
    "bpm": ("beats per minute",),
    "beats a minute": ("beats per minute",),
    "beats per minute": ("beats per minute",),
    "ms": ("milliseconds", "ms"),
    "milliseconds": ("milliseconds", "ms"),
    "per minute": ("per minute",),
    "%": ("fraction", "ratio"),
    "per cent": ("fraction", "ratio"),
    "percent": ("fraction", "ratio"),
}


@dataclass(frozen=True)
class Range:
    """A place in the recording, in seconds; ``end`` is the start's own second if none is named."""

    at: int
    to: int
    start_sec: float
    end_sec: float
    single: bool


def ranges(text: str) -> list[Range]:
    found = []
    for match in RANGE.finditer(text):
        first = int(match[1]) * 60 + int(match[2])
        last = first if match[3] is None else int(match[3]) * 60 + int(match[4])
        end = last + 0.5 if match[3] is None else float(last)
        found.append(Range(match.start(), match.end(), first, end, match[3] is None))
    return found


@dataclass(frozen=True)
class Said:
    """A number in a sentence, with what it is allowed to be. ``known`` is None if it is free."""

    start: int
    end: int
    text: str
    known: tuple[Known, ...] | None


def difference(text: str, at: int) -> bool:
    return _BY.search(text[:at]) is not None


def is_free(text: str, match: re.Match[str]) -> bool:
    """Whether the number says what to do, or names a scale's end or the intervals' level."""
    number, unit = match[1], (match[3] or "")
    if _PRESCRIBED.match(unit):
        return True
    if number == "80" and unit in ("%", "per cent", "percent"):
        return True
    around = text[max(match.start() - 2, 0) : match.end() + 2]
    if number in ("0", "1") and ("(" in around or "to" in text[max(0, match.start() - 4) :][:8]):
        return True
    return bool(re.match(r"\s*$|^\s*[-*•]?\s*$", text[: match.start()])) and text[
        match.end() : match.end() + 1
    ] in (".", ")")


def is_score(match: re.Match[str]) -> bool:
    written = match[1].replace(",", ".")
    return "." in written and float(written) <= 1 and not match[3]


def measured(
    ground: Ground, text: str, match: re.Match[str], stretch: tuple[float, float] | None
) -> list[Known]:
    """Measurements that the number may state, by the words beside it or by its unit.

    Said of the place in question ("here"), it must be a window's own; otherwise it may be.
    """
    after = text[match.end() :]
    here = _measured_in_windows(ground, text, match, stretch)
    if here and _HERE.match(after):
        return here
    return [*([] if _WHOLE.match(after) else here), *_measured_over_the_whole(ground, text, match)]


def _measured_in_windows(
    ground: Ground, text: str, match: re.Match[str], stretch: tuple[float, float] | None
) -> list[Known]:
    scale = _scale_of(match)
    return [
        Known(
            value * scale,
            Support(
                recording_id=analysis.recording_id,
                segment=Span(start=window.start, end=window.end),
                measurement=name,
                value=value,
            ),
        )
        for analysis in (ground.analyses if stretch is not None else ())
        for name in _names_meant(ground, text, match)
        for window in windows_in(analysis, stretch or (0.0, 0.0))
        if (value := window.measurements.get(name)) is not None
    ]


def _names_meant(ground: Ground, text: str, match: re.Match[str]) -> tuple[str, ...]:
    """The measurements named beside the number, if its unit fits them."""
    unit = _unit_of(match)
    since = max((m.end() for m in NUMBER.finditer(text, 0, match.start())), default=0)
    before = text[max(match.start() - 45, since) : match.start()].lower()
    behind = text[match.end() : match.end() + 25].lower()
    names = _named_measurements(before) or _named_measurements(unit + behind)
    units = {a.measurements[n].unit for a in ground.analyses for n in names if n in a.measurements}
    return names if any(_fits_unit(of, unit) for of in units) else ()


def _unit_of(match: re.Match[str]) -> str:
    return " ".join((match[3] or "").lower().split())


def _scale_of(match: re.Match[str]) -> int:
    return 100 if _unit_of(match) in ("%", "per cent", "percent") else 1


def _measured_over_the_whole(ground: Ground, text: str, match: re.Match[str]) -> list[Known]:
    unit, names, scale = _unit_of(match), _names_meant(ground, text, match), _scale_of(match)
    found = []
    for analysis in ground.analyses:
        for name, one in analysis.measurements.items():
            fits = name in names if names else _fits_unit(one.unit, unit)
            if one.value is None or not fits:
                continue
            support = Support(recording_id=analysis.recording_id, measurement=name, value=one.value)
            found.append(Known(one.value * scale, support))
        if unit in ("second", "seconds", "sec", "s", ""):
            support = Support(recording_id=analysis.recording_id, value=analysis.duration)
            found.append(Known(analysis.duration, support))
    return found


def _named_measurements(text: str) -> tuple[str, ...]:
    """The measurement named last before the number."""
    hits = [
        (match.end(), names) for pattern, names in _MEASURED for match in re.finditer(pattern, text)
    ]
    return max(hits)[1] if hits else ()


def _fits_unit(of: str, said: str) -> bool:
    wanted = _UNITS.get(said)
    return wanted is None or any(of.startswith(unit) for unit in wanted)


def score_values(
    ground: Ground,
    keys: Sequence[str],
    stretch: tuple[float, float] | None,
    text: str,
    match: re.Match[str],
) -> list[Known]:
    """What a number between 0 and 1 may be, of the dimensions it stands by."""
    place = _place_in_interval(text, match.start())
    if place is not None:
        return bounds(ground.analyses, keys, place)
    if _WHOLE.match(text[match.end() :]) or stretch is None:
        return whole(ground.analyses, keys)
    here = in_windows(ground.analyses, keys, stretch)
    if _HERE.match(text[match.end() :]) and here:
        return here
    return [*here, *whole(ground.analyses, keys)]


def _place_in_interval(text: str, at: int) -> int | None:
    """0 or 1 where the number is the first or second after the word interval."""
    start = text.lower().rfind("interval", 0, at)
    if start < 0 or at - start > 60 or re.search(r"[;)]", text[start:at]):
        return None
    before = [m for m in NUMBER.finditer(text, start, at) if is_score(m) and m.end() <= at]
    return len(before) if len(before) < 2 else None
