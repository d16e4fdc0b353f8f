"""The scales a performance is placed on: PercePiano's sixteen, and three holistic ones.

Every scale is bipolar and runs from 0 (wholly the left pole) to 1 (wholly the right one).
Neither pole is "good". Order and poles are those of PercePiano (Scientific Reports, 2024).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Dimension:
    """One bipolar scale: 0 is wholly ``left``, 1 wholly ``right``."""

    key: str
    left: str
    right: str
    group: str


DIMENSIONS: tuple[Dimension, ...] = (
    Dimension("timing_stable_unstable", "stable", "unstable", "timing"),
    Dimension("articulation_short_long", "short", "long", "articulation"),
    Dimension("articulation_soft_hard", "soft, cushioned", "hard, solid", "articulation"),
    Dimension("pedal_sparse_saturated", "sparse, dry", "saturated, wet", "pedal"),
    Dimension("pedal_clean_blurred", "clean", "blurred", "pedal"),
    Dimension("timbre_even_colorful", "even", "colorful", "timbre"),
    Dimension("timbre_shallow_rich", "shallow", "rich", "timbre"),
    Dimension("timbre_bright_dark", "bright", "dark", "timbre"),
    Dimension("timbre_soft_loud", "soft", "loud", "timbre"),
    Dimension("dynamic_sophisticated_raw", "sophisticated, mellow", "raw, crude", "dynamic"),
    Dimension("dynamic_range_little_large", "little range", "large range", "dynamic"),
    Dimension("music_making_fast_slow", "fast-paced", "slow-paced", "music_making"),
    Dimension("music_making_flat_spacious", "flat", "spacious", "music_making"),
    Dimension(
        "music_making_disproportioned_balanced", "disproportioned", "balanced", "music_making"
    ),
    Dimension("music_making_pure_dramatic", "pure", "dramatic, expressive", "music_making"),
    Dimension("emotion_optimistic_dark", "optimistic, pleasant", "dark", "emotion"),
)

HOLISTIC: tuple[Dimension, ...] = (
    Dimension("emotion_low_high_energy", "low energy", "high energy", "emotion"),
    Dimension("emotion_honest_imaginative", "honest", "imaginative", "emotion"),
    Dimension(
        "interpretation_unsatisfactory_convincing",
        "unsatisfactory",
        "convincing",
        "interpretation",
    ),
)

WISHED: dict[str, Literal["left", "right"]] = {
    "timing_stable_unstable": "left",
    "pedal_clean_blurred": "left",
    "timbre_even_colorful": "right",
    "timbre_shallow_rich": "right",
    "dynamic_sophisticated_raw": "left",
    "dynamic_range_little_large": "right",
    "music_making_flat_spacious": "right",
    "music_making_disproportioned_balanced": "right",
    "interpretation_unsatisfactory_convincing": "right",
}
"""The pole that most teachers wish for in most music; for the others the piece alone decides."""

ALL: tuple[Dimension, ...] = DIMENSIONS + HOLISTIC

DIMENSION_KEYS: tuple[str, ...] = tuple(dimension.key for dimension in DIMENSIONS)
HOLISTIC_KEYS: tuple[str, ...] = tuple(dimension.key for dimension in HOLISTIC)
ALL_KEYS: tuple[str, ...] = DIMENSION_KEYS + HOLISTIC_KEYS

BY_KEY: dict[str, Dimension] = {dimension.key: dimension for dimension in ALL}
