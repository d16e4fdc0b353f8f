"""Note values have two names in English; the handbook, as most old books, has the British ones."""

from __future__ import annotations

import re

_BRITISH = {
    "whole": "semibreve",
    "half": "minim",
    "quarter": "crotchet",
    "eighth": "quaver",
    "8th": "quaver",
    "sixteenth": "semiquaver",
    "16th": "semiquaver",
    "thirty-second": "demisemiquaver",
    "32nd": "demisemiquaver",
}
_AMERICAN = re.compile(rf"\b({'|'.join(_BRITISH)})[- ]note(s?)\b", re.IGNORECASE)


def with_british_names(query: str) -> str:
    """Each American name in the query followed by the British one: "eighth notes quavers"."""
    return _AMERICAN.sub(lambda name: f"{name[0]} {_BRITISH[name[1].lower()]}{name[2]}", query)
