"""How findings and moments are put into sentences. Every number in them is the analysis's own."""

from __future__ import annotations

from collections.abc import Sequence

from crescendai.evidence.scales import SCALES, opposite, pole
from crescendai.feedback.findings import Finding, Moment
from crescendai.feedback.outliers import Outlier
from crescendai.kit.prose import capital, listed, number

# A window rests on few notes: below this, a difference from the whole is not to be leant on.
SMALL_DIFFERENCE = 0.05
TOLD_APART = "A listener who does not know the order tells the versions apart."
DIFFERENCE_HEARD = "You hear the difference between the first and the last repetition."


def lowered(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]


def placed(finding: Finding) -> str:
    """Where a score lies and how sure that is, as a clause."""
    interval = f"80 % interval {number(finding.low)} to {number(finding.high)}"
    if finding.certainty == "clear":
        return f"{number(finding.value)}, clearly {finding.pole} ({interval})"
    if finding.certainty == "lean":
        return f"{number(finding.value)}, a lean towards {finding.pole} ({interval})"
    return f"{number(finding.value)}, about the middle of the scale ({interval})"


def strength_sentence(finding: Finding) -> str:
    hears, topic = finding.scale.hears(finding.side), capital(finding.scale.topic)
    if finding.certainty != "clear":
        hears = f"Promising, though not certain: {lowered(hears)}"
    return f"{hears} {topic}: {placed(finding)}."


def priority_sentence(finding: Finding) -> str:
    topic = capital(finding.scale.topic)
    if finding.certainty == "middle":
        return f"{topic} could take a clearer direction: {placed(finding)}."
    if finding.welcome is None:
        check = "Check that this is what the piece asks for."
        if finding.certainty == "lean":
            return f"{topic}: {placed(finding)}. {_if_right([finding])} {check}"
        return f"{finding.scale.hears(finding.side)} {topic}: {placed(finding)}. {check}"
    if finding.welcome:
        return f"{topic} is already on its way and can go further: {placed(finding)}."
    if finding.certainty == "lean":
        listen = lowered(finding.scale.hears(finding.side))
        return f"{topic}: {placed(finding)}. What to listen for: {listen}"
    return f"{finding.scale.hears(finding.side)} {topic}: {placed(finding)}."


def character_sentence(character: Sequence[Finding]) -> str:
    marked = [finding for finding in character if finding.certainty != "middle"]
    if not marked:
        return (
            "No side of its character dominates: pace, colour, drama and mood all lie near the "
            "middle of their scales. The room for a stronger point of view is there."
        )
    traits = listed([f"{f.name} ({number(f.value)})" for f in marked])
    surely = any(finding.certainty == "clear" for finding in marked)
    opening = "The performance is marked by" if surely else "The performance leans towards"
    clear = [finding for finding in marked if finding.certainty == "clear"]
    heard = " ".join(f.scale.hears(f.side) for f in clear[:2]) or _if_right(marked[:2])
    return f"{opening} {traits}. {heard}"


def _if_right(findings: Sequence[Finding]) -> str:
    """What would be heard if leans are true."""
    hears = [lowered(f.scale.hears(f.side)).removesuffix(".") for f in findings]
    return f"If that is right, {', and '.join(hears)}."


def insight(moment: Moment | Outlier) -> str:
    if isinstance(moment, Outlier):
        return f"Measured rather than rated: {moment.said}."
    known = SCALES[moment.key]
    if moment.value == moment.usual:
        return f"Over the whole recording, {known.topic} is at {number(moment.value)}."
    if number(moment.value) == number(moment.usual):
        return f"{capital(known.topic)} stays at its usual level here: {number(moment.value)}."
    if abs(moment.value - moment.usual) < SMALL_DIFFERENCE:
        return (
            f"The whole recording is much alike in {known.topic}; here it is a little nearer to "
            f"{moment.pole}: {number(moment.value)} against {number(moment.usual)} "
            "over the whole. A difference this small may be chance."
        )
    step = "Nearer to" if moment.strength < 1 else "Much nearer to"
    return (
        f"{step} {moment.pole} than elsewhere: {known.topic} is at {number(moment.value)} "
        f"here and at {number(moment.usual)} over the whole recording."
    )


def practice_focus(moment: Moment | Outlier, exercise_name: str | None) -> str:
    known = SCALES[moment.key]
    where = moment.timestamp.replace("-", " to ")
    if isinstance(moment, Outlier):
        task = (
            f"Listen to {where} with the score and ask whether the music wants that difference. "
            "If it does, mean it; if not, play the bars before and after it until they match"
        )
    elif moment.value == moment.usual:
        task = "Record it again aiming for the opposite, and keep what suits the piece"
    elif abs(moment.value - moment.usual) < SMALL_DIFFERENCE:
        task = (
            f"Listen to {where} and then to any other place for {known.topic} alone. If you hear "
            "no difference, decide where the piece wants one"
        )
    elif moment.welcome:
        return (
            f"Listen to {where} first: this is you at your best for {known.topic}. Then play the "
            "bars before and after it in the same way."
        )
    elif moment.welcome is None:
        task = (
            f"Listen to {where} and decide whether the music changes here. If it does, make the "
            "change plainer; if not, match it to the bars before"
        )
    else:
        task = f"Loop {where} slowly, listening for {known.topic} and for nothing else"
    if exercise_name is not None:
        return f"{task}, and work on it with the exercise “{exercise_name}”."
    return f"{task}. Record it three times and compare."


def topic(finding: Finding) -> str:
    return capital(finding.scale.topic)


def background(finding: Finding) -> str:
    return f"What lies behind {finding.name}"


def exercise_for(finding: Finding) -> str:
    return f"An exercise for {finding.scale.topic}"


def long_view(finding: Finding) -> str:
    return f"A long view of {finding.scale.topic}"


def listening_test(finding: Finding) -> str:
    other = finding.scale.name(opposite(finding.side))
    return (
        f"Choose four bars. Record them once with {finding.name} and once with "
        f"{other}, both exaggerated, then once in between. Listen to the three "
        "with your eyes closed and keep the one that serves the music."
    )


def aim(finding: Finding) -> str:
    return (
        f"{capital(finding.scale.topic)} is now at {number(finding.value)}, "
        f"between {pole(finding.key, 'left')} (0) and {pole(finding.key, 'right')} (1)."
    )


def monthly(finding: Finding) -> str:
    return "Compare a recording of the same piece every month and listen for this alone."


def encouragement(first: Finding, best: Finding | None) -> str:
    """``best`` is what can be built on, where there is such a thing."""
    topic = first.scale.topic
    if best is None:
        return (
            f"Nothing here is out of reach. Take {topic} alone for a week, record the same passage "
            "again, and let the comparison tell you how far you have come."
        )
    return (
        f"You can build on your {best.name}; keep it just as it is while you work on {topic}. One "
        "thing at a time, and record the same passage again in a week."
    )
