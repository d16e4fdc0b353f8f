"""The scales and what is heard at their poles, in German: see :mod:`crescendai.evidence.scales`."""

from __future__ import annotations

from crescendai.evidence.scales import Side

_NAMES: dict[str, tuple[str, str, str]] = {
    "timing_stable_unstable": ("Timing", "stabil", "unruhig"),
    "articulation_short_long": ("Tonlänge", "kurz", "lang"),
    "articulation_soft_hard": ("Anschlag", "weich", "hart"),
    "pedal_sparse_saturated": ("Pedalmenge", "sparsam", "reichlich"),
    "pedal_clean_blurred": ("Pedalklarheit", "klar", "verwaschen"),
    "timbre_even_colorful": ("Klangfarbe", "gleichförmig", "farbig"),
    "timbre_shallow_rich": ("Klangfülle", "dünn", "voll"),
    "timbre_bright_dark": ("Helligkeit", "hell", "dunkel"),
    "timbre_soft_loud": ("Lautstärke", "leise", "laut"),
    "dynamic_sophisticated_raw": ("Feinheit der Dynamik", "fein", "roh"),
    "dynamic_range_little_large": ("Umfang der Dynamik", "klein", "groß"),
    "music_making_fast_slow": ("Gang", "schnell", "langsam"),
    "music_making_flat_spacious": ("Räumlichkeit", "flach", "weit"),
    "music_making_disproportioned_balanced": ("Balance", "unausgewogen", "ausgewogen"),
    "music_making_pure_dramatic": ("Ausdruck", "schlicht", "dramatisch"),
    "emotion_optimistic_dark": ("Stimmung", "heiter", "düster"),
    "emotion_low_high_energy": ("Energie", "wenig", "viel"),
    "emotion_honest_imaginative": ("Fantasie", "schlicht", "fantasievoll"),
    "interpretation_unsatisfactory_convincing": ("Interpretation", "noch suchend", "überzeugend"),
}
_HEARS: dict[str, tuple[str, str]] = {
    "timing_stable_unstable": (
        "Man kann mitklopfen und weiß, wann der nächste Schlag kommt.",
        "Der Schlag dehnt sich und eilt; wer mitklopft, verliert ihn.",
    ),
    "articulation_short_long": (
        "Die Töne werden früh losgelassen, mit Luft dazwischen.",
        "Die Töne werden gehalten und miteinander verbunden.",
    ),
    "articulation_soft_hard": (
        "Die Töne beginnen sanft, ohne Kante.",
        "Die Töne beginnen mit einer harten Kante.",
    ),
    "pedal_sparse_saturated": (
        "Der Klang ist trocken, mit wenig Pedal.",
        "Der Klang ist nass, mit viel Pedal.",
    ),
    "pedal_clean_blurred": (
        "Eine Harmonie ist fort, bevor die nächste klingt.",
        "Eine Harmonie hängt in die nächste hinein.",
    ),
    "timbre_even_colorful": (
        "Der Ton bleibt bei einer Farbe.",
        "Der Ton wechselt unterwegs die Farbe.",
    ),
    "timbre_shallow_rich": (
        "Der Ton ist dünn, ohne viel Körper darunter.",
        "Der Ton ist voll und hat Körper.",
    ),
    "timbre_bright_dark": ("Der Ton ist hell.", "Der Ton ist dunkel."),
    "timbre_soft_loud": (
        "Das Spiel bleibt auf der leisen Seite.",
        "Das Spiel bleibt auf der lauten Seite.",
    ),
    "dynamic_sophisticated_raw": (
        "Das Laute und das Leise sind fein abgestuft, und laute Töne bleiben weich.",
        "Das Laute und das Leise wechseln schroff, und laute Töne klingen rau.",
    ),
    "dynamic_range_little_large": (
        "Die leisesten und die lautesten Momente liegen nah beieinander.",
        "Die leisesten und die lautesten Momente liegen weit auseinander.",
    ),
    "music_making_fast_slow": (
        "Die Musik drängt vorwärts.",
        "Die Musik lässt sich Zeit.",
    ),
    "music_making_flat_spacious": (
        "Die Melodie und ihre Begleitung liegen auf einer Ebene.",
        "Zwischen der Melodie und der Begleitung ist Tiefe, und um die Phrasen ist Raum.",
    ),
    "music_making_disproportioned_balanced": (
        "Die Stimmen und Phrasen stehen noch nicht im rechten Verhältnis zueinander.",
        "Die Stimmen und Phrasen stehen im rechten Verhältnis zueinander.",
    ),
    "music_making_pure_dramatic": (
        "Die Musik wird schlicht erzählt.",
        "Die Musik wird als Drama erzählt.",
    ),
    "emotion_optimistic_dark": (
        "Die Stimmung ist leicht und freundlich.",
        "Die Stimmung ist düster.",
    ),
    "emotion_low_high_energy": (
        "Das Spiel ist ruhig und hat wenig Energie.",
        "Das Spiel ist voller Energie.",
    ),
    "emotion_honest_imaginative": (
        "Die Musik wird geradlinig gegeben, wie sie dasteht.",
        "Die Musik ist voller eigener Einfälle.",
    ),
    "interpretation_unsatisfactory_convincing": (
        "Als Ganzes überzeugt die Interpretation noch nicht.",
        "Als Ganzes überzeugt die Interpretation.",
    ),
}


def hears(key: str, side: Side) -> str:
    """What a listener hears there, as a sentence that begins with no noun."""
    return _HEARS[key][0 if side == "left" else 1]


def topic(key: str) -> str:
    return _NAMES[key][0]


def pole(key: str, side: Side) -> str:
    return _NAMES[key][1 if side == "left" else 2]


def topics_in(text: str) -> tuple[str, ...]:
    """The dimensions that a German answer names, in the order of their names there."""
    found = [(text.find(names[0]), key) for key, names in _NAMES.items() if names[0] in text]
    return tuple(key for _, key in sorted(found))
