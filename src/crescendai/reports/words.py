"""The words of a report in the reader's language, copied from the web app's by a tool."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files

from crescendai.kit.prose import Language


@cache
def _catalogue(language: Language) -> dict[str, str]:
    text = (files(__package__) / "words" / f"{language}.json").read_text(encoding="utf-8")
    found: dict[str, str] = json.loads(text)
    return found


class Words:
    def __init__(self, language: Language) -> None:
        self.language = language
        self._catalogue = _catalogue(language)

    def __call__(self, key: str, **values: object) -> str:
        """A text by its key, with each ``{name}`` filled in."""
        text = self._catalogue[key]
        for name, value in values.items():
            text = text.replace(f"{{{name}}}", str(value))
        return text

    def known(self, key: str) -> bool:
        return key in self._catalogue

    def number(self, value: float, digits: int) -> str:
        text = f"{value:.{digits}f}"
        return text.replace(".", ",") if self.language == "de" else text

    def date(self, at_ms: int) -> str:
        """The day, in UTC."""
        day = datetime.fromtimestamp(at_ms / 1000, UTC)
        month = self("report.months").split(", ")[day.month - 1]
        return self("report.date", day=day.day, month=month, year=day.year)
