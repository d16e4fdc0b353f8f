"""Numbers and lists inside sentences, and the languages that sentences are written in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

Language: TypeAlias = Literal["en", "de"]


def number(value: float) -> str:
    """Two decimal places, as every score is spoken of."""
    return f"{value:.2f}"


def capital(text: str) -> str:
    """The text with its first letter, and no other, made a capital."""
    return text[:1].upper() + text[1:]


def listed(parts: Sequence[str]) -> str:
    """``a, b and c``."""
    if len(parts) < 2:
        return "".join(parts)
    return ", ".join(parts[:-1]) + " and " + parts[-1]
