"""Two recordings side by side."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from crescendai.chat.tutor.contrasts import Contrast
from crescendai.chat.tutor.desk import Desk
from crescendai.chat.tutor.intents import Intent
from crescendai.chat.tutor.listening import (
    named,
    named_in_message,
    piece_of,
)
from crescendai.chat.tutor.material import Finding
from crescendai.chat.tutor.phrases import stretch
from crescendai.kit.prose import capital, listed, number
from crescendai.recordings.schemas import Analysis


async def compare(desk: Desk, intent: Intent) -> None:
    """Two recordings, newer against older; only what goes beyond the uncertainty is told."""
    pair = pair_asked_for(desk)
    if pair is None:
        desk.say(
            "I need two recordings to compare, and I have heard "
            + ("only one of yours so far." if desk.brief.recordings else "none of yours so far.")
            + " Record the same passage again, and ask me then."
        )
        return
    newer, older = await desk.analysis(pair[0]), await desk.analysis(pair[1])
    if newer is None or older is None:
        desk.say(f"I can't compare them yet. {desk.refusal}")
        return
    changed = changes(desk, newer, older, intent.keys)
    names = named(desk, newer), named(desk, older)
    if not changed and intent.keys:
        _say_unchanged(desk, newer, older, intent.keys[0])
    elif not changed:
        desk.say(
            f"Between {names[1]} and {names[0]} no scale has moved by more than its uncertainty. I "
            "wouldn't read progress or loss into the small differences."
        )
    else:
        desk.say(f"From {names[1]} to {names[0]}, this has changed by more than its uncertainty:")
        desk.say_list([_change_line(desk, before, after) for before, after in changed[:4]])
        desk.say("The other differences are too small to mean anything.", _gain_and_cost(changed))
    takes = await desk.takes(newer.recording_id, older.recording_id)
    if takes is None:
        desk.say("If these are two different pieces, the music accounts for part of it.")
    elif takes:
        desk.say(f"Laid side by side, note for note, {names[0]} differs most here:")
        desk.say_list([_contrast_line(one) for one in takes])
    else:
        desk.say("Laid side by side, note for note, no stretch differs in pace or loudness.")


def _contrast_line(one: Contrast) -> str:
    faster, louder = one.faster_percent, one.louder_steps
    pace = f"{abs(faster)} % {'faster' if faster > 0 else 'slower'}" if faster else ""
    steps = f"{abs(louder)} velocity steps {'louder' if louder > 0 else 'softer'}" if louder else ""
    return f"{stretch(one.timestamp)}: {listed([said for said in (pace, steps) if said])}."


def _say_unchanged(desk: Desk, newer: Analysis, older: Analysis, key: str) -> None:
    before, after = [
        next(f for f in desk.ear.findings(analysis) if f.key == key) for analysis in (older, newer)
    ]
    desk.say(
        f"{capital(after.scale.topic)} is at {number(before.value)} in {named(desk, older)} and at "
        f"{number(after.value)} in {named(desk, newer)}. That difference lies within the "
        "uncertainty, so I wouldn't call either of them more."
    )


def pair_asked_for(desk: Desk) -> tuple[UUID, UUID] | None:
    """Newer and older recording: those named in the message, else the one in view and another."""
    heard = desk.brief.recordings
    chosen = named_in_message(desk)
    if len(chosen) > 2:  # of two pieces, the newest recording each
        by_piece = {piece_of(recording): recording for recording in reversed(chosen)}
        chosen = [r for r in chosen if r in by_piece.values()] if len(by_piece) > 1 else chosen
    if len(chosen) < 2:
        in_view = [r for r in heard if r.recording_id == desk.brief.recording_id]
        rest = [r for r in heard if r not in chosen]
        chosen = [
            *chosen,
            *[r for r in in_view if r in rest],
            *[r for r in rest if r not in in_view],
        ]
    chosen = sorted(chosen[:2], key=heard.index)
    return (chosen[0].recording_id, chosen[1].recording_id) if len(chosen) == 2 else None


def changes(
    desk: Desk, newer: Analysis, older: Analysis, keys: Sequence[str]
) -> list[tuple[Finding, Finding]]:
    """(before, after) where each value lies outside the other's interval, greatest first."""
    after = {finding.key: finding for finding in desk.ear.findings(newer)}
    pairs = [(before, after[before.key]) for before in desk.ear.findings(older)]
    moved = [
        (a, b)
        for a, b in pairs
        if not b.low <= a.value <= b.high
        and not a.low <= b.value <= a.high
        and (not keys or a.key in keys)
    ]
    return sorted(moved, key=lambda pair: -abs(pair[0].value - pair[1].value))


def _gain_and_cost(changed: Sequence[tuple[Finding, Finding]]) -> str:
    """What moved towards, and away from, the pole that most teachers wish for."""
    gains = [a.scale.topic for b, a in changed if _moved_to_wish(b, a) is True]
    costs = [a.scale.topic for b, a in changed if _moved_to_wish(b, a) is False]
    if gains and costs:
        return f"The gain is {gains[0]}; look at {costs[0]} next, which has gone the other way."
    if gains:
        return f"The gain is {listed(gains[:2])}. Whatever you did for it, keep doing it."
    return f"Look at {listed(costs[:2])} first; that has gone the wrong way." if costs else ""


def _moved_to_wish(before: Finding, after: Finding) -> bool | None:
    """None where no pole is wished for. ``welcome`` tells the wish by the side it is said of."""
    if after.welcome is None:
        return None
    wish_is_right = after.welcome == (after.side == "right")
    return (after.value > before.value) == wish_is_right


def _change_line(desk: Desk, before: Finding, after: Finding) -> str:
    scale = after.scale
    pole = desk.ear.pole(after.key, "left" if after.value < before.value else "right")
    return (
        f"{capital(scale.topic)}: from {number(before.value)} to {number(after.value)}, "
        f"towards {pole}."
    )
