"""Characters that nobody sees: taken out of every text, and counted.

They break words apart for search, turn lines around, or carry words that only a machine reads.
Joiners stay in scripts that need them (Arabic, the Indic ones, emoji).
"""

from __future__ import annotations

import re

_INVISIBLE = re.compile(
    "[\u200b\u200e\u200f\u061c\u202a-\u202e\u2060-\u206f\ufeff\u180e\u115f\u1160\u3164\uffa0\u034f"
    "\U000e0000-\U000e01ef"  # tags, which spell words, and variation selectors by the hundred
    "\x00-\x08\x0e-\x1f\x7f-\x9f]"
    "|(?:(?<=[\x00-\u024f])|^)[\u200c\u200d]+"
)


def without_invisible(text: str) -> tuple[str, int]:
    """The text without them, and how many there were."""
    return _INVISIBLE.subn("", text)
