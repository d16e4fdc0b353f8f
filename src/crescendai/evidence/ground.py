"""What sentences are held against: analyses, passages, and the person's own words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from crescendai.evidence.scales import Side
from crescendai.evidence.schemas import Span, Support
from crescendai.knowledge.results import Hit
from crescendai.recordings.schemas import Analysis, TemporalSegment

MIDDLE = 0.5
MIN_WINDOW_NOTES = 6
SLIGHT_STRENGTH = 0.25
MIN_HALF_WIDTH = 0.02


@dataclass(frozen=True)
class Ground:
    """``analyses``: the one spoken of first, then what it is compared with.

    ``cited`` are the passages by the mark they are cited with, ``passages`` any others that may be
    quoted; of ``sourced`` ones numbers may be taken without a mark, as of ``measured``, which is
    what was found besides the analyses. ``own_words`` need no source: the person's own, and names
    of recordings.
    """

    analyses: tuple[Analysis, ...] = ()
    cited: Mapping[str, Hit] = field(default_factory=dict)
    passages: tuple[Hit, ...] = ()
    own_words: tuple[str, ...] = ()
    sourced: tuple[Hit, ...] = ()
    measured: tuple[str, ...] = ()

    @property
    def hits(self) -> tuple[Hit, ...]:
        return (*self.cited.values(), *self.passages)

    @property
    def duration_sec(self) -> float:
        return max((analysis.duration for analysis in self.analyses), default=0.0)


@dataclass(frozen=True)
class Focus:
    """What a sentence is about when it does not say so itself: dimensions, and seconds."""

    keys: tuple[str, ...] = ()
    stretch: tuple[float, float] | None = None


@dataclass(frozen=True)
class Known:
    """A number that an analysis really has, and what it is the number of."""

    value: float
    support: Support


def scored(analysis: Analysis, key: str) -> float:
    found = analysis.scores.get(key, analysis.holistic.get(key))
    return MIDDLE if found is None else found


def windows_in(analysis: Analysis, stretch: tuple[float, float]) -> list[TemporalSegment]:
    start, end = stretch
    return [s for s in analysis.temporal_segments if s.start < end - 1e-6 and s.end > start + 1e-6]


def whole(analyses: Iterable[Analysis], keys: Sequence[str]) -> list[Known]:
    return [
        Known(
            scored(a, key),
            Support(recording_id=a.recording_id, dimension=key, value=scored(a, key)),
        )
        for a in analyses
        for key in keys
    ]


def bounds(analyses: Iterable[Analysis], keys: Sequence[str], end: int) -> list[Known]:
    """The lower (0) or upper (1) ends of the 80 % intervals."""
    return [
        Known(
            a.intervals[key][end],
            Support(recording_id=a.recording_id, dimension=key, value=a.intervals[key][end]),
        )
        for a in analyses
        for key in keys
        if key in a.intervals
    ]


def in_windows(
    analyses: Iterable[Analysis], keys: Sequence[str], stretch: tuple[float, float]
) -> list[Known]:
    return [
        Known(
            window.scores[key],
            Support(
                recording_id=a.recording_id,
                segment=Span(start=window.start, end=window.end),
                dimension=key,
                value=window.scores[key],
            ),
        )
        for a in analyses
        for window in windows_in(a, stretch)
        for key in keys
        if key in window.scores
    ]


def is_on(analysis: Analysis, key: str, side: Side) -> bool:
    """Whether a score lies to that side, further than what counts as the middle."""
    value = scored(analysis, key)
    right_side = value >= MIDDLE if side == "right" else value < MIDDLE
    return right_side and strength(analysis, key) >= SLIGHT_STRENGTH


def is_sure(analysis: Analysis, key: str) -> bool:
    """Whether the interval leaves out the middle of the scale."""
    low, high = analysis.intervals[key]
    return not low <= MIDDLE <= high


def strength(analysis: Analysis, key: str) -> float:
    """Distance from the middle in half-widths of the interval, as findings are measured."""
    low, high = analysis.intervals[key]
    return abs(scored(analysis, key) - MIDDLE) / max((high - low) / 2, MIN_HALF_WIDTH)


def of_passage(hit: Hit, text: str) -> Support:
    """Where the text stands in its document. ``text`` must stand in the passage."""
    at = hit.start + max(hit.text.find(text), 0)
    return Support(document=hit.document_id, page=hit.page, span=Span(start=at, end=at + len(text)))


def equals(said: str, values: Iterable[float]) -> bool:
    """Whether a number as it is written is one of the values, rounded as it is."""
    said = said.replace(",", ".")
    decimals = len(said.partition(".")[2])
    if decimals == 1 and float(said) < 1:
        decimals = 2  # 0.7 says 0.70: coarser numbers would equal almost any score
    wanted = f"{float(said):.{decimals}f}"
    return any(f"{value:.{decimals}f}" == wanted for value in values)


@lru_cache(maxsize=1024)  # the same passages are compared with every sentence
def plain(text: str) -> str:
    """Text as it is compared: one kind of space, quotation mark and dash."""
    text = re.sub(r"[“”„\"]", '"', text).replace("’", "'").replace("–", "-").replace("—", "-")
    return " ".join(text.split())
