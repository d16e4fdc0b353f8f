"""Progress over time: each dimension over a caller's recordings, and two takes compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal
from uuid import UUID

import numpy as np
from pydantic import BaseModel

from crescendai.identity.service import Caller
from crescendai.kit.sql import Transactions
from crescendai.music.dimensions import BY_KEY, WISHED
from crescendai.recordings import repository
from crescendai.recordings.schemas import Analysis
from crescendai.recordings.service import RecordingService

_MOST = 500
FEWEST_BEFORE = 3
FAR = 0.25  # half-widths of the interval from the middle, as findings count a score as placed


class Point(BaseModel):
    """One recording on one scale; ``low`` and ``high`` bound its 80 % interval."""

    recording_id: UUID
    filename: str
    created_at: int
    value: float
    low: float
    high: float


class Trend(BaseModel):
    """The newest recording beside the player's own variation, ``low`` to ``high``.

    The band is the mean of the recordings before it and two standard deviations to either side, at
    least as wide as that mean is uncertain; null with fewer than three. ``change`` is ``unknown``
    then, ``within`` inside the band, and outside it ``improved`` or ``worse`` where most teachers
    wish for one pole, else ``changed``.
    """

    low: float | None
    high: float | None
    change: Literal["unknown", "within", "improved", "worse", "changed"]


class Focus(BaseModel):
    """One thing to work on next, and the newest recording's place on that scale."""

    dimension: str
    towards: str
    recording_id: UUID
    value: float


class Progress(BaseModel):
    """For every dimension the caller's recordings, oldest first, and where the newest one stands.

    ``focus`` is what lies, most surely, on the side that few teachers wish for; null where nothing
    does.
    """

    dimensions: dict[str, list[Point]]
    trends: dict[str, Trend] = {}
    focus: Focus | None = None


class Difference(BaseModel):
    """``difference`` is ``value`` − ``against``; it is beyond uncertainty when neither value lies
    inside the other's 80 % interval."""

    value: float
    against: float
    difference: float
    beyond_uncertainty: bool


class Comparison(BaseModel):
    recording_id: UUID
    against: UUID
    dimensions: dict[str, Difference]


class ProgressService:
    def __init__(self, *, transactions: Transactions, recordings: RecordingService) -> None:
        self._transactions = transactions
        self._recordings = recordings

    async def over_time(self, caller: Caller, piece: str = "") -> Progress:
        """Over all recordings, or those whose file name holds the name of a piece."""
        async with self._transactions.read_once() as session:
            rows = await repository.analysed(session, caller.user_id, _MOST)
        dimensions: dict[str, list[Point]] = {}
        for recording in reversed(rows):
            if piece.casefold() not in recording.filename.casefold():
                continue
            analysis = Analysis.model_validate(recording.document)
            for key, value in (analysis.scores | analysis.holistic).items():
                low, high = analysis.intervals[key]
                point = Point(
                    recording_id=recording.id,
                    filename=recording.filename,
                    created_at=recording.created_at,
                    value=value,
                    low=low,
                    high=high,
                )
                dimensions.setdefault(key, []).append(point)
        trends = {key: trend(key, points) for key, points in dimensions.items()}
        return Progress(dimensions=dimensions, trends=trends, focus=focus(dimensions, trends))

    async def compare(self, caller: Caller, recording_id: UUID, against: UUID) -> Comparison:
        one = await self._recordings.analysis(caller, recording_id)
        other = await self._recordings.analysis(caller, against)
        return Comparison(
            recording_id=recording_id, against=against, dimensions=differences(one, other)
        )


def trend(key: str, points: Sequence[Point]) -> Trend:
    """``points`` are oldest first and at least one."""
    *before, newest = points
    if len(before) < FEWEST_BEFORE:
        return Trend(low=None, high=None, change="unknown")
    values = np.array([point.value for point in before])
    unsure = np.mean([(point.high - point.low) / 2 for point in before]) / len(before) ** 0.5
    reach = max(2 * float(values.std(ddof=1)), float(unsure))
    low, high = float(values.mean()) - reach, float(values.mean()) + reach
    change: Literal["within", "improved", "worse", "changed"] = "within"
    if not low <= newest.value <= high:
        side = "left" if newest.value < low else "right"
        wished = WISHED.get(key)
        change = "changed" if wished is None else "improved" if side == wished else "worse"
    return Trend(low=round(low, 4), high=round(high, 4), change=change)


def focus(dimensions: Mapping[str, Sequence[Point]], trends: Mapping[str, Trend]) -> Focus | None:
    """What got worse comes before what has long been so; of several, the surest."""

    def far(key: str) -> float:
        """How far beyond the middle, by half-widths of the interval, on the side not wished for."""
        newest = dimensions[key][-1]
        beyond = newest.value - 0.5 if WISHED[key] == "left" else 0.5 - newest.value
        return beyond / max((newest.high - newest.low) / 2, 0.02)

    unwelcome = [key for key in dimensions if key in WISHED and far(key) > FAR]
    if not unwelcome:
        return None
    key = max(unwelcome, key=lambda key: (trends[key].change == "worse", far(key)))
    newest, scale = dimensions[key][-1], BY_KEY[key]
    towards = scale.left if WISHED[key] == "left" else scale.right
    return Focus(
        dimension=key, towards=towards, recording_id=newest.recording_id, value=newest.value
    )


def differences(one: Analysis, other: Analysis) -> dict[str, Difference]:
    """Every dimension of ``one`` held against ``other``."""
    first, second = one.scores | one.holistic, other.scores | other.holistic
    return {
        key: Difference(
            value=value,
            against=second[key],
            difference=round(value - second[key], 4),
            beyond_uncertainty=not _inside(value, other.intervals[key])
            and not _inside(second[key], one.intervals[key]),
        )
        for key, value in first.items()
        if key in second
    }


def _inside(value: float, interval: tuple[float, float]) -> bool:
    return interval[0] <= value <= interval[1]
