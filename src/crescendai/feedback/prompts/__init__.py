"""The prompt of the model-written feedback, with its version on the first line."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True)
class Prompt:
    """``text`` includes the version line: another version is another prompt."""

    version: str
    text: str


@cache
def read_prompt(name: str) -> Prompt:
    text = (files(__name__) / f"{name}.md").read_text(encoding="utf-8").strip()
    return Prompt(text.partition("\n")[0].removeprefix("version:").strip(), text)
