"""The dimensions and their poles in German."""

from __future__ import annotations

from crescendai.chat.tutor.material import Side

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


def topic(key: str) -> str:
    return _NAMES[key][0]


def pole(key: str, side: Side) -> str:
    return _NAMES[key][1 if side == "left" else 2]


def topics_in(text: str) -> tuple[str, ...]:
    """The dimensions that a German answer names, in the order of their names there."""
    found = [(text.find(names[0]), key) for key, names in _NAMES.items() if names[0] in text]
    return tuple(key for _, key in sorted(found))
