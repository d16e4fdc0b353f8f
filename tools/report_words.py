"""Copies the words that reports need from the web app's: ``python -m tools.report_words``.

So that a scale has one name in each language. ``tests/reports/test_words.py`` fails when a copy is
no longer what this would write.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from tools.node import ROOT, WEB

CATALOGUES = WEB / "src" / "lib" / "i18n"
OUT = ROOT / "src" / "crescendai" / "reports" / "words"
LANGUAGES = ("en", "de")
PREFIXES = (
    "advice.",
    "dim.",
    "dimgroup.",
    "evidence.",
    "measure.",
    "measured.",
    "moment.",
    "needs.",
    "quality.",
    "reading.",
    "report.",
    "scales.title",
    "scales.whole",
    "source.page",
    "unit.",
)
_ENTRY = re.compile(r"^\t'([^']+)': '((?:[^'\\]|\\.)*)',?$", re.MULTILINE)


def render(language: str) -> str:
    found = dict(_ENTRY.findall((CATALOGUES / f"{language}.ts").read_text()))
    words = {key: text.replace("\\'", "'") for key, text in found.items()}
    chosen = {key: words[key] for key in sorted(words) if key.startswith(PREFIXES)}
    return json.dumps(chosen, indent=1, ensure_ascii=False) + "\n"


def path(language: str) -> Path:
    return OUT / f"{language}.json"


if __name__ == "__main__":
    for one in LANGUAGES:
        path(one).write_text(render(one))
