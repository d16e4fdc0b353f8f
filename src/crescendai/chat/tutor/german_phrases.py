"""Small turns of phrase in German. What the English library says is quoted in English."""

from __future__ import annotations

from collections.abc import Sequence

from crescendai.chat.tutor.desk import Desk
from crescendai.chat.tutor.listening import NOTICEABLE
from crescendai.chat.tutor.material import Finding, Moment
from crescendai.chat.tutor.phrases import HANDBOOK
from crescendai.evidence.german_scales import pole, topic
from crescendai.knowledge.results import Hit
from crescendai.recordings.schemas import Analysis


def number(value: float) -> str:
    return f"{value:.2f}".replace(".", ",")


def named(desk: Desk, analysis: Analysis) -> str:
    name = desk.filename(analysis.recording_id)
    return f"„{name}“" if name else "deiner Aufnahme"


def stretch(timestamp: str) -> str:
    """``0:03-0:06`` as it is read aloud."""
    return timestamp.replace("-", " bis ")


def listed(findings: Sequence[Finding]) -> str:
    return " und ".join(briefly(finding) for finding in findings)


def briefly(finding: Finding) -> str:
    """A score in half a sentence."""
    how = {"clear": "deutlich", "lean": "eher", "middle": "nahe der Mitte, wenn überhaupt"}
    placed = f"{how[finding.certainty]} {pole(finding.key, finding.side)}"
    return f"{topic(finding.key)} ({number(finding.value)}, {placed})"


def sureness(finding: Finding) -> str:
    """One sentence on how far the number can be trusted."""
    interval = f"das 80-%-Intervall reicht von {number(finding.low)} bis {number(finding.high)}"
    said = pole(finding.key, finding.side)
    if finding.certainty == "clear":
        return f"Das ist deutlich {said}: {interval} und lässt die Mitte aus."
    if finding.certainty == "lean":
        return f"Das neigt zu {said}, mehr nicht: {interval} und schließt die Mitte ein."
    return f"Das liegt etwa in der Mitte: {interval}."


def where_to_hear(moments: Sequence[Moment], finding: Finding) -> str:
    """The windows furthest to either side, if they differ enough to be heard."""
    telling = [m for m in moments if m.strength >= NOTICEABLE]
    with_it = next((m for m in telling if m.side == finding.side), None)
    against = next((m for m in telling if m.side != finding.side), None)
    said = []
    if with_it is not None:
        at = f"{stretch(with_it.timestamp)} ({number(with_it.value)})"
        said.append(f"Am stärksten hörst du es bei {at}.")
    if against is not None:
        at = f"{stretch(against.timestamp)} ({number(against.value)})"
        said.append(f"Näher an {pole(against.key, against.side)} ist es bei {at}.")
    if not said and moments:
        return "Das bleibt von Anfang bis Ende etwa gleich."
    return " ".join(said)


def moment(at: Moment) -> str:
    return (
        f"{stretch(at.timestamp)}: {topic(at.key)} liegt dort bei {number(at.value)}, im Ganzen "
        f"bei {number(at.usual)}; das ist näher an {pole(at.key, at.side)}."
    )


def source(hit: Hit) -> str:
    """Who is speaking, at the start of a sentence."""
    if hit.author == HANDBOOK:
        return "Das Handbuch sagt auf Englisch:"
    return f"In „{hit.title}“ steht:" if hit.author is None else f"{hit.author} schreibt:"


_MEASURED: dict[str, tuple[tuple[str, str], ...]] = {
    "timing_stable_unstable": (
        ("tempo_bpm", "ein Tempo von etwa {:.0f} Schlägen in der Minute"),
        ("tempo_spread_bpm", "eine Streuung von {:.1f} Schlägen in der Minute"),
    ),
    "articulation_short_long": (("key_overlap_ratio", "ein Überlappungsverhältnis von {:.2f}"),),
    "dynamic_range_little_large": (("velocity_range", "eine Anschlagsspanne von {:.0f} aus 127"),),
    "music_making_fast_slow": (
        ("tempo_bpm", "ein Tempo von etwa {:.0f} Schlägen in der Minute"),
        ("note_density_per_sec", "{:.1f} Töne in der Sekunde"),
    ),
}


def measured(key: str, analysis: Analysis) -> str:
    """What was measured behind a rating, as a sentence; empty where nothing was."""
    parts = []
    for name, form in _MEASURED.get(key, ()):
        found = analysis.measurements.get(name)
        if found is not None and found.value is not None:
            parts.append(form.format(found.value).replace(".", ","))
    return f"Gemessen, nicht geschätzt: {' und '.join(parts)}." if parts else ""
