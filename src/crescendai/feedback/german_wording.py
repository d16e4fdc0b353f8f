"""The sentences of :mod:`crescendai.feedback.wording` in German, from the same numbers.

They are said of what was checked in English, so nothing here may claim more than is claimed there.
Names of scales stand without articles, as they do in the web app.
"""

from __future__ import annotations

from collections.abc import Sequence

from crescendai.evidence import german_scales as scales
from crescendai.evidence.scales import opposite
from crescendai.feedback.findings import Finding, Moment
from crescendai.feedback.outliers import Outlier
from crescendai.feedback.wording import SMALL_DIFFERENCE, lowered

TOLD_APART = "Wer die Reihenfolge nicht kennt, hört die Fassungen auseinander."
DIFFERENCE_HEARD = "Du hörst den Unterschied zwischen der ersten und der letzten Wiederholung."
_MEASURED = {
    "tempo_bpm": ("das Tempo", " Schläge in der Minute"),
    "velocity_mean": ("die mittlere Anschlagstärke (0 bis 127)", ""),
    "key_overlap_ratio": ("die Überlappung der Töne", ""),
    "chord_asynchrony_ms": ("der Versatz in Akkorden", " ms"),
}


def number(value: float) -> str:
    return f"{value:.2f}".replace(".", ",")


def topic(finding: Finding) -> str:
    return scales.topic(finding.key)


def placed(finding: Finding) -> str:
    """Where a score lies and how sure that is, as a clause."""
    interval = f"80-%-Intervall {number(finding.low)} bis {number(finding.high)}"
    pole = scales.pole(finding.key, finding.side)
    if finding.certainty == "clear":
        return f"{number(finding.value)}, deutlich {pole} ({interval})"
    if finding.certainty == "lean":
        return f"{number(finding.value)}, eher {pole} ({interval})"
    return f"{number(finding.value)}, etwa in der Mitte der Skala ({interval})"


def strength_sentence(finding: Finding) -> str:
    hears = _hears(finding)
    if finding.certainty != "clear":
        hears = f"Vielversprechend, aber nicht sicher: {lowered(hears)}"
    return f"{hears} {topic(finding)}: {placed(finding)}."


def priority_sentence(finding: Finding) -> str:
    name = topic(finding)
    if finding.certainty == "middle":
        return f"{name}: {placed(finding)}. Das könnte eine klarere Richtung vertragen."
    if finding.welcome is None:
        check = "Prüf, ob das Stück das so verlangt."
        if finding.certainty == "lean":
            return f"{name}: {placed(finding)}. {_if_right([finding])} {check}"
        return f"{_hears(finding)} {name}: {placed(finding)}. {check}"
    if finding.welcome:
        return f"{name}: {placed(finding)}. Das ist schon auf dem Weg und kann noch weiter gehen."
    if finding.certainty == "lean":
        return f"{name}: {placed(finding)}. Worauf du hören kannst: {lowered(_hears(finding))}"
    return f"{_hears(finding)} {name}: {placed(finding)}."


def character_sentence(character: Sequence[Finding]) -> str:
    marked = [finding for finding in character if finding.certainty != "middle"]
    if not marked:
        return (
            "Keine Seite des Charakters überwiegt: Gang, Farbe, Ausdruck und Stimmung liegen nahe "
            "der Mitte ihrer Skalen. Für einen stärkeren eigenen Standpunkt ist Platz."
        )
    clear = [finding for finding in marked if finding.certainty == "clear"]
    traits = ", ".join(
        f"{topic(f)} {number(f.value)} ({scales.pole(f.key, f.side)})" for f in marked
    )
    opening = "Das kennzeichnet die Aufnahme" if clear else "Dahin neigt die Aufnahme"
    heard = " ".join(_hears(f) for f in clear[:2]) or _if_right(marked[:2])
    return f"{opening}: {traits}. {heard}"


def insight(moment: Moment | Outlier) -> str:
    if isinstance(moment, Outlier):
        words, unit = _MEASURED[moment.measure.name]
        here, whole = (_measured(moment, value, unit) for value in (moment.value, moment.usual))
        return f"Gemessen, nicht geschätzt: {words} beträgt hier {here}, im Ganzen {whole}."
    name = scales.topic(moment.key)
    pole = scales.pole(moment.key, moment.side)
    here, whole = number(moment.value), number(moment.usual)
    if moment.value == moment.usual:
        return f"Über die ganze Aufnahme liegt {name} bei {here}."
    if here == whole:
        return f"{name} bleibt hier, wie es auch sonst ist: {here}."
    if abs(moment.value - moment.usual) < SMALL_DIFFERENCE:
        return (
            f"{name} ist in der ganzen Aufnahme recht gleich; hier liegt der Wert ein wenig näher "
            f"an „{pole}“: {here} gegen {whole} im Ganzen. Ein so kleiner Unterschied kann Zufall "
            "sein."
        )
    step = "Näher" if moment.strength < 1 else "Viel näher"
    return f"{step} an „{pole}“ als sonst: {name} liegt hier bei {here} und im Ganzen bei {whole}."


def practice_focus(moment: Moment | Outlier, exercise_name: str | None) -> str:
    name = scales.topic(moment.key)
    where = moment.timestamp.replace("-", " bis ")
    if isinstance(moment, Outlier):
        task = (
            f"Hör dir {where} mit den Noten an und frag dich, ob die Musik diesen Unterschied "
            "will. Wenn ja, spiel ihn bewusst; wenn nein, spiel die Takte davor und danach, bis "
            "sie zusammenpassen."
        )
    elif moment.value == moment.usual:
        task = (
            "Nimm es noch einmal mit dem Gegenteil als Ziel auf und behalte, was zum Stück passt."
        )
    elif abs(moment.value - moment.usual) < SMALL_DIFFERENCE:
        task = (
            f"Hör dir {where} und dann irgendeine andere Stelle nur auf dieses eine hin an: "
            f"{name}. Hörst du keinen Unterschied, entscheide, wo das Stück einen will."
        )
    elif moment.welcome:
        return (
            f"Hör dir zuerst {where} an: Hier gelingt es dir am besten ({name}). Spiel dann die "
            "Takte davor und danach ebenso."
        )
    elif moment.welcome is None:
        task = (
            f"Hör dir {where} an und entscheide, ob sich die Musik hier ändert. Wenn ja, mach die "
            "Änderung deutlicher; wenn nein, gleich die Stelle den Takten davor an."
        )
    else:
        task = f"Spiel {where} langsam in Schleife und hör auf nichts anderes: {name}."
    if exercise_name is not None:
        return f"{task} Dazu passt die Übung “{exercise_name}”."
    return f"{task} Nimm es dreimal auf und vergleich."


def background(finding: Finding) -> str:
    return f"Was dahinter steckt: {topic(finding)}"


def exercise_for(finding: Finding) -> str:
    return f"Eine Übung: {topic(finding)}"


def long_view(finding: Finding) -> str:
    return f"Auf lange Sicht: {topic(finding)}"


def listening_test(finding: Finding) -> str:
    one, other = (scales.pole(finding.key, s) for s in (finding.side, opposite(finding.side)))
    return (
        f"{topic(finding)}: Wähl vier Takte. Nimm sie einmal „{one}“ und einmal „{other}“ auf, "
        "beides übertrieben, dann einmal dazwischen. Hör dir alle drei mit geschlossenen Augen an "
        "und behalte die Fassung, die der Musik dient."
    )


def aim(finding: Finding) -> str:
    left, right = (scales.pole(finding.key, side) for side in ("left", "right"))
    value = number(finding.value)
    return f"{topic(finding)} liegt jetzt bei {value}, zwischen {left} (0) und {right} (1)."


def monthly(finding: Finding) -> str:
    return "Vergleich jeden Monat eine Aufnahme desselben Stücks und hör dabei nur darauf."


def encouragement(first: Finding, best: Finding | None) -> str:
    if best is None:
        return (
            f"Nichts davon ist außer Reichweite. Nimm dir eine Woche lang nur eines vor: "
            f"{topic(first)}. Nimm dann dieselbe Stelle noch einmal auf und lass dir vom Vergleich "
            "sagen, wie weit du gekommen bist."
        )
    strength = f"{topic(best)} ({scales.pole(best.key, best.side)})"
    return (
        f"Darauf kannst du bauen: {strength}. Lass das genau so, während du an etwas anderem "
        f"arbeitest: {topic(first)}. Eins nach dem anderen, und nimm dieselbe Stelle in einer "
        "Woche noch einmal auf."
    )


def _hears(finding: Finding) -> str:
    return scales.hears(finding.key, finding.side)


def _if_right(findings: Sequence[Finding]) -> str:
    """What would be heard if leans are true."""
    heard = "; ".join(lowered(_hears(f)).removesuffix(".") for f in findings)
    return f"Wenn das stimmt, hörst du es so: {heard}."


def _measured(moment: Outlier, value: float, unit: str) -> str:
    if moment.measure.name == "key_overlap_ratio":
        return number(value)
    return f"{value:.0f}{unit}"
