"""Which findings a feedback speaks of: what to praise, what to work on now, what to grow into.

Nothing here writes text. The numbers of items are those of the contract.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from crescendai.feedback.findings import Finding, Moment
from crescendai.feedback.outliers import Outlier
from crescendai.music.dimensions import BY_KEY, HOLISTIC_KEYS
from crescendai.music.windows import Window

MAX_STRENGTHS = 3
PRIORITIES = (3, 5)
LONG_TERM = 3
MOMENTS = (3, 5)
MARKED_STRENGTH = 0.6
NOTICEABLE_MOMENT = 0.35


@dataclass(frozen=True)
class Selection:
    """``moments`` are in the order of the recording."""

    strengths: tuple[Finding, ...]
    priorities: tuple[Finding, ...]
    long_term: tuple[Finding, ...]
    character: tuple[Finding, ...]
    moments: tuple[Moment | Outlier, ...]


def select(
    findings: Sequence[Finding],
    moments: Sequence[Moment],
    duration: float,
    outliers: Sequence[Outlier] = (),
) -> Selection:
    """Choose among findings, moments and outliers, each sorted by strength, strongest first."""
    priorities = _priorities(findings)
    taken = {finding.key for finding in priorities}
    return Selection(
        strengths=tuple(f for f in findings if f.welcome)[:MAX_STRENGTHS],
        priorities=priorities,
        long_term=_long_term(findings, taken),
        character=tuple(f for f in findings if f.welcome is None)[:3],
        moments=_moments(moments, outliers, findings, duration),
    )


def _priorities(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """First what lies on the less welcome side, then matters of taste, then the rest.

    What lies about the middle of its scale counts one step less. The tutor goes by the same order.
    """
    least, most = PRIORITIES
    usable = [f for f in findings if f.key not in HOLISTIC_KEYS]
    need = {False: 0, None: 1, True: 2}
    marked = [f for f in usable if f.welcome is False and f.strength >= MARKED_STRENGTH]
    count = min(max(len(marked), least), most)
    ordered = sorted(
        usable,
        key=lambda f: (
            need[f.welcome] + (f.certainty == "middle"),
            f.strength if f.welcome else -f.strength,
        ),
    )
    return tuple(ordered[:count])


def _long_term(findings: Sequence[Finding], taken: set[str]) -> tuple[Finding, ...]:
    """Matters of music-making rather than of touch, each from another group of scales."""
    wide = ("music_making", "interpretation", "emotion", "dynamic", "timbre")
    rest = [f for f in findings if f.key not in taken and BY_KEY[f.key].group in wide]
    rest.sort(key=lambda f: (f.welcome is not False, wide.index(BY_KEY[f.key].group)))
    chosen: list[Finding] = []
    for finding in rest:
        if BY_KEY[finding.key].group not in {BY_KEY[f.key].group for f in chosen}:
            chosen.append(finding)
    return tuple(chosen[:LONG_TERM])


def _moments(
    moments: Sequence[Moment],
    outliers: Sequence[Outlier],
    findings: Sequence[Finding],
    duration: float,
) -> tuple[Moment | Outlier, ...]:
    """Moments that can be heard, then measured outliers, then what it takes to make up the least.

    Each in another window, and preferably of another dimension.
    """
    least, most = MOMENTS
    chosen: list[Moment | Outlier] = []
    heard = [m for m in moments if m.strength >= NOTICEABLE_MOMENT]
    _take(chosen, heard, most, fresh=True)
    _take(chosen, outliers, most, fresh=True)
    for rest in (heard, outliers):
        _take(chosen, rest, least, fresh=False)
    _take(chosen, moments, least, fresh=True)
    _take(chosen, moments, least, fresh=False)
    for finding in findings:
        if len(chosen) >= least:
            break
        if finding.key not in HOLISTIC_KEYS and all(finding.key != m.key for m in chosen):
            chosen.append(_whole(finding, duration))
    return tuple(sorted(chosen, key=lambda moment: (moment.start, moment.end)))


def _take(
    chosen: list[Moment | Outlier], offered: Sequence[Moment | Outlier], most: int, *, fresh: bool
) -> None:
    """Add what lies in a window not yet chosen; ``fresh`` asks for a dimension not yet chosen."""
    for one in offered:
        if len(chosen) >= most:
            return
        same_window = any(one.start == other.start for other in chosen)
        if not same_window and not (fresh and any(_kind(one) == _kind(c) for c in chosen)):
            chosen.append(one)


def _kind(one: Moment | Outlier) -> str:
    return one.measure.name if isinstance(one, Outlier) else one.key


def _whole(finding: Finding, duration: float) -> Moment:
    """A recording too short for three windows is spoken of as a whole as well."""
    return Moment(
        start=0.0,
        end=duration,
        timestamp=Window(0.0, duration).timestamp,
        key=finding.key,
        value=finding.value,
        usual=finding.value,
        side=finding.side,
        strength=finding.strength,
        welcome=finding.welcome,
    )
