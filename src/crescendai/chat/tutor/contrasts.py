"""Where two takes of the same music differ most, by what was measured of their notes."""

from __future__ import annotations

from dataclasses import dataclass

from crescendai.recordings.takes import Stretch, TakeComparison

LEAST_PACE = 0.08
"""Of a stretch's length: less is no difference that a listener would name."""
LEAST_STEPS = 8  # of MIDI velocity
TOLD = 3


@dataclass(frozen=True)
class Contrast:
    """One stretch of the newer take beside the older: 0 where there is no difference to name.

    ``faster_percent`` and ``louder_steps`` (MIDI velocity) are negative for slower and softer.
    """

    timestamp: str
    faster_percent: int
    louder_steps: int

    @property
    def measured(self) -> str:
        return f"{abs(self.faster_percent)} % {abs(self.louder_steps)}"


def contrasts(comparison: TakeComparison) -> list[Contrast]:
    """The stretches that differ most, in the order of the music."""
    found = [(_size(stretch), stretch) for stretch in comparison.stretches]
    most = sorted((one for one in found if one[0] >= 1), key=lambda one: -one[0])[:TOLD]
    return [_contrast(stretch) for _, stretch in sorted(most, key=lambda one: one[1].start)]


def _size(stretch: Stretch) -> float:
    """In differences that are just worth naming."""
    pace = 0.0 if stretch.pace is None else abs(stretch.pace - 1) / LEAST_PACE
    return max(pace, abs(stretch.loudness or 0.0) / LEAST_STEPS)


def _contrast(stretch: Stretch) -> Contrast:
    pace, loudness = (stretch.pace or 1.0) - 1, stretch.loudness or 0.0
    return Contrast(
        stretch.timestamp,
        round(pace * 100) if abs(pace) >= LEAST_PACE else 0,
        round(loudness) if abs(loudness) >= LEAST_STEPS else 0,
    )
