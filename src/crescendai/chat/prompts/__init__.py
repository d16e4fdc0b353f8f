"""The prompts, as files with a version on their first line."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True)
class Prompt:
    version: str
    text: str


@cache
def read_prompt(name: str) -> Prompt:
    raw = (files(__name__) / f"{name}.md").read_text(encoding="utf-8")
    head, _, text = raw.partition("\n")
    return Prompt(head.removeprefix("version:").strip(), text.strip())
