"""The prompt of the model-written feedback, with its version on the first line."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def read_prompt(name: str) -> str:
    """The prompt's text, version line included: another version is another prompt."""
    return (files(__name__) / f"{name}.md").read_text(encoding="utf-8").strip()
