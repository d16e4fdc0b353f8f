"""Small turns of phrase. Every number they show is the analysis's own, rounded to two places."""

from __future__ import annotations

from crescendai.chat.tutor.material import Finding
from crescendai.kit.prose import listed, number
from crescendai.knowledge.results import Hit
from crescendai.recordings.schemas import Analysis

HANDBOOK = "CrescendAI Handbook"
NOT_ENGLISH = "So far I understand only English. Could you ask me that in English?"


def stretch(timestamp: str) -> str:
    """``0:03-0:06`` as it is read aloud."""
    return timestamp.replace("-", " to ")


def sureness(finding: Finding) -> str:
    """One sentence on how far the number can be trusted."""
    interval = f"the 80 % interval runs from {number(finding.low)} to {number(finding.high)}"
    if finding.certainty == "clear":
        return f"That is clearly {finding.pole}: {interval} and leaves out the middle."
    if finding.certainty == "lean":
        return f"That leans towards {finding.pole}, no more: {interval} and takes in the middle."
    return f"That is about the middle: {interval}."


def heard_as(finding: Finding) -> str:
    """What a listener hears, as surely as the score allows."""
    hears = finding.scale.hears(finding.side)
    if finding.certainty == "clear":
        return hears
    return f"If that is right, {hears[0].lower()}{hears[1:]}" if finding.certainty == "lean" else ""


def briefly(finding: Finding) -> str:
    """A score in half a sentence."""
    how = {"clear": "clearly", "lean": "leaning to", "middle": "near the middle, if anything"}
    placed = f"{number(finding.value)}, {how[finding.certainty]} {finding.pole}"
    return f"{finding.scale.topic} ({placed})"


def source(hit: Hit) -> str:
    """Who is speaking, at the start of a sentence."""
    if hit.author == HANDBOOK:
        return "The handbook says:"
    return f"In “{hit.title}” it says:" if hit.author is None else f"{hit.author} writes:"


# Which measurements stand behind a dimension, and how they are said. None for the pedal: it is
# transcribed too poorly (frame F1 0.5) to be stated as a fact.
_MEASURED: dict[str, tuple[tuple[str, str], ...]] = {
    "timing_stable_unstable": (
        ("tempo_bpm", "a tempo of about {:.0f} beats a minute"),
        ("tempo_spread_bpm", "a spread of {:.1f} beats a minute around it"),
    ),
    "articulation_short_long": (
        ("key_overlap_ratio", "a key-overlap ratio of {:.2f}"),
        ("staccato_fraction", "{:.0%} of the notes staccato"),
    ),
    "dynamic_range_little_large": (("velocity_range", "a velocity range of {:.0f} out of 127"),),
    "music_making_fast_slow": (
        ("tempo_bpm", "a tempo of about {:.0f} beats a minute"),
        ("note_density_per_sec", "{:.1f} notes a second"),
    ),
    "music_making_disproportioned_balanced": (
        ("melody_lead_velocity", "the melody {:.0f} velocity steps above the rest"),
    ),
}


def measured(key: str, analysis: Analysis) -> str:
    """What was measured behind a rating, as a sentence; empty where nothing was."""
    parts = []
    for name, form in _MEASURED.get(key, ()):
        found = analysis.measurements.get(name)
        if found is not None and found.value is not None:
            parts.append(form.format(found.value).replace("%", " %"))
    return f"Measured rather than rated: {listed(parts)}." if parts else ""
