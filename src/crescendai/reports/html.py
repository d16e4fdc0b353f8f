"""A report as one HTML file that needs nothing else, on the screen and on paper."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from importlib.resources import files

from jinja2 import Environment, Template
from markupsafe import Markup, escape

from crescendai.reports.content import Report
from crescendai.reports.words import Words

_STRONG = re.compile(r"\*\*(.+?)\*\*")
_EMPHASIS = re.compile(r"(?<![*\w])\*(?!\s)(.+?)(?<!\s)\*(?![*\w])")
_CITED = re.compile(r"\[(\w{1,8})\]")


def render(report: Report, words: Words) -> str:
    return _template().render(report=report, words=words, style=Markup(_style()))  # noqa: S704 - our own file


@cache
def policy() -> str:
    """What the document may do where a server sends it: look as it does, and no more."""
    digest = base64.b64encode(hashlib.sha256(_style().encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; frame-ancestors 'none'"


def rich(text: str) -> Markup:
    """The Markdown that advice is written in: paragraphs, emphasis, and ``[1]`` as a link."""
    safe = str(escape(text))
    safe = _EMPHASIS.sub(r"<em>\1</em>", _STRONG.sub(r"<strong>\1</strong>", safe))
    safe = _CITED.sub(r'<a href="#source-\1">[\1]</a>', safe)
    parts = [part.strip().replace("\n", "<br>") for part in re.split(r"\n\s*\n", safe)]
    return Markup("".join(f"<p>{part}</p>" for part in parts if part))  # noqa: S704 - escaped first


@cache
def _template() -> Template:
    made = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    made.filters["rich"] = rich
    return made.from_string(_read("report.html.jinja"))


@cache
def _style() -> str:
    return _read("report.css")


def _read(name: str) -> str:
    return (files(__package__) / name).read_text(encoding="utf-8")
