"""Which findings a feedback speaks of: what to praise, what to work on now, what to grow into.

Nothing here writes text. The numbers of items are those of the contract.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from crescendai.feedback.findings import Finding, Moment
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
    moments: tuple[Moment, ...]


def select(findings: Sequence[Finding], moments: Sequence[Moment], duration: float) -> Selection:
    """Choose among findings and moments that are sorted by strength, strongest first."""
    priorities = _priorities(findings)
    taken = {finding.key for finding in priorities}
    return Selection(
        strengths=tuple(f for f in findings if f.welcome)[:MAX_STRENGTHS],
        priorities=priorities,
        long_term=_long_term(findings, taken),
        character=tuple(f for f in findings if f.welcome is None)[:3],
        moments=_moments(moments, findings, duration),
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
    moments: Sequence[Moment], findings: Sequence[Finding], duration: float
) -> tuple[Moment, ...]:
    """The most unusual windows, another window and preferably another dimension each time."""
    least, most = MOMENTS
    chosen: list[Moment] = []
    for fresh_dimension in (True, False):
        for moment in moments:
            weak = moment.strength < NOTICEABLE_MOMENT
            if len(chosen) >= (least if weak or not fresh_dimension else most):
                break
            same_window = any(moment.start == other.start for other in chosen)
            same_key = any(moment.key == other.key for other in chosen)
            if not same_window and not (fresh_dimension and same_key):
                chosen.append(moment)
    for finding in findings:
        if len(chosen) >= least:
            break
        if finding.key not in HOLISTIC_KEYS and all(finding.key != m.key for m in chosen):
            chosen.append(_whole(finding, duration))
    return tuple(sorted(chosen, key=lambda moment: (moment.start, moment.end)))


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
