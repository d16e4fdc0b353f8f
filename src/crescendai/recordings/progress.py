"""Progress over time: each dimension over a caller's recordings, and two takes compared."""

from __future__ import annotations

from uuid import UUID

from pydantic import BaseModel

from crescendai.identity.service import Caller
from crescendai.kit.sql import Transactions
from crescendai.recordings import repository
from crescendai.recordings.schemas import Analysis
from crescendai.recordings.service import RecordingService

_MOST = 500


class Point(BaseModel):
    """One recording on one scale; ``low`` and ``high`` bound its 80 % interval."""

    recording_id: UUID
    filename: str
    created_at: int
    value: float
    low: float
    high: float


class Progress(BaseModel):
    """For every dimension the caller's recordings, oldest first."""

    dimensions: dict[str, list[Point]]


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

    async def over_time(self, caller: Caller) -> Progress:
        async with self._transactions.read() as session:
            rows = await repository.analysed(session, caller.user_id, _MOST)
        dimensions: dict[str, list[Point]] = {}
        for recording, row in reversed(rows):
            analysis = Analysis.model_validate(row.document)
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
        return Progress(dimensions=dimensions)

    async def compare(self, caller: Caller, recording_id: UUID, against: UUID) -> Comparison:
        one = await self._recordings.analysis(caller, recording_id)
        other = await self._recordings.analysis(caller, against)
        return Comparison(
            recording_id=recording_id, against=against, dimensions=differences(one, other)
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
