"""A report tells what analysis and advice tell, and nothing that a file name smuggles in."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from selectolax.lexbor import LexborHTMLParser

from crescendai.reports.html import rich
from tests.conftest import MakeRecording
from tests.fixtures.analysed import analysed
from tests.fixtures.in_process import in_process

NAME = "Étude <script>alert(1)<script> & mehr.mp3"


@dataclass
class Known:
    """A recording with its analysis and advice, and how to ask for reports of it."""

    client: httpx.AsyncClient
    address: str
    analysis: dict[str, Any]
    advice: dict[str, Any]

    async def page(self, language: str) -> LexborHTMLParser:
        answer = await self.client.get(f"{self.address}/report.html?language={language}")
        assert answer.status_code == 200
        return LexborHTMLParser(answer.text)


@pytest.fixture
async def known(tmp_path: Path, recording: MakeRecording) -> AsyncIterator[Known]:
    async with in_process(tmp_path / "data") as client:
        audio = recording(".mp3", seconds=4).read_bytes()
        made = await analysed(client, audio, {}, NAME)
        address = f"/api/recordings/{made}"
        found = (await client.get(f"{address}/analysis")).json()
        advice = (await client.post(f"/api/feedback/{made}")).json()
        yield Known(client, address, found, advice)


async def test_every_scale_stands_where_its_value_lies(known: Known) -> None:
    page = await known.page("en")
    values = known.analysis["scores"] | known.analysis["holistic"]
    drawn = page.css("svg")
    assert len(drawn) == len(values) == 19
    for svg, (key, value) in zip(drawn, values.items(), strict=True):
        low, high = known.analysis["intervals"][key]
        dot, band = svg.css_first(".dot"), svg.css_first(".band")
        assert dot is not None
        assert band is not None
        assert float(dot.attributes["cx"] or 0) == pytest.approx(value * 200, abs=0.1)
        assert float(band.attributes["x"] or 0) == pytest.approx(low * 200, abs=0.1)
        width = float(band.attributes["width"] or 0)
        assert width == pytest.approx((high - low) * 200, abs=0.2)
        assert f"{value:.2f} ({low:.2f}–{high:.2f})" in (svg.attributes["aria-label"] or "")


async def test_moments_evidence_and_advice_are_there_in_full(known: Known) -> None:
    text = (await known.page("en")).text()
    flat = " ".join(text.split())
    for moment in known.advice["temporal_feedback"]:
        assert moment["timestamp"] in flat
        for support in moment["support"]:
            if support["value"] is not None:
                assert f"{support['value']:.2f}" in flat
    for step in known.advice["practice_recommendations"]["immediate_priorities"]:
        assert step["skill_area"] in flat
        assert step["expected_result"] in flat
    for source in known.advice["citations"]:
        assert " ".join(source["quote"].split()) in flat
    assert known.advice["encouragement"] in flat


async def test_it_needs_nothing_else_and_runs_nothing(known: Known) -> None:
    answer = await known.client.get(f"{known.address}/report.html")
    page = LexborHTMLParser(answer.text)
    assert page.css("script, link, img, iframe, [style], [onclick]") == []
    title = page.css_first("h1")
    assert title is not None
    assert title.text() == NAME
    for link in page.css("a"):
        target = (link.attributes["href"] or "").removeprefix("#")
        assert page.css(f"[id={target}]"), target
    rules = answer.headers["content-security-policy"]
    assert re.fullmatch(
        r"default-src 'none'; style-src 'sha256-[\w+/=]+'; frame-ancestors 'none'", rules
    )


async def test_it_speaks_german(known: Known) -> None:
    page = await known.page("de")
    html = page.css_first("html")
    assert html is not None
    assert html.attributes["lang"] == "de"
    text = page.text()
    for word in ("Wie es klingt", "unruhig", "Momente zum Hinhören", "Was gemessen wurde"):
        assert word in text
    first = next(iter(known.analysis["scores"].values()))
    assert f"{first:.2f}".replace(".", ",") in text
    unknown = await known.client.get(f"{known.address}/report.html?language=fr")
    assert unknown.status_code == 422


async def test_without_an_analysis_there_is_no_report(
    known: Known, recording: MakeRecording
) -> None:
    other = recording(".mp3", start_sec=4, seconds=4).read_bytes()
    sent = (await known.client.post("/api/upload", files={"file": ("b.mp3", other)})).json()
    answer = await known.client.get(f"/api/recordings/{sent['recording_id']}/report.html")
    assert answer.status_code == 409


def test_markdown_is_drawn_and_markup_is_not() -> None:
    assert rich("**Listen** to *this* [1]\n\nthen <b>go</b> 2*3*4") == (
        '<p><strong>Listen</strong> to <em>this</em> <a href="#source-1">[1]</a></p>'
        "<p>then &lt;b&gt;go&lt;/b&gt; 2*3*4</p>"
    )
