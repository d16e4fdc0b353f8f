"""The page of a recording: listening, looking and reading on one axis of time."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import httpx
import mido
import pytest
from playwright.sync_api import Page, expect

from tests.fixtures.running import Server, wait_until
from tests.flows.conftest import OpenPage

SOUND = "window.__sounds.find((sound) => sound.src)"
KEEP_SOUNDS = """
window.__sounds = [];
const Real = window.Audio;
window.Audio = function () { const made = new Real(); window.__sounds.push(made); return made; };
"""


@pytest.fixture
def page(server: Server, open_page: OpenPage, analysed: dict[str, Any]) -> Page:
    opened = open_page()
    opened.add_init_script(KEEP_SOUNDS)
    opened.goto(server.url + analysed["path"])
    expect(opened.get_by_test_id("waveform")).to_have_attribute("data-state", "ready")
    return opened


def position(page: Page) -> float:
    return float(page.evaluate(f"{SOUND}.currentTime"))


def paused(page: Page) -> bool:
    return bool(page.evaluate(f"{SOUND}.paused"))


def ink(page: Page, lane: str) -> int:
    """How many pixels of a lane's canvas are drawn on."""
    script = """(canvas) => {
        const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
        return data.filter((value, i) => i % 4 === 3 && value > 0).length;
    }"""
    return int(page.get_by_test_id(lane).locator("canvas").first.evaluate(script))


def test_the_lanes_show_what_was_heard(page: Page, analysed: dict[str, Any]) -> None:
    for lane in ("waveform", "piano-roll", "lane-tempo", "lane-dynamics", "lane-articulation"):
        assert ink(page, lane) > 200, lane
    notes = analysed["performance"]["notes"]
    page.get_by_text(f"{len(notes)} notes as a table").click()
    first = page.get_by_role("row").filter(has_text=f"{notes[0][0]:.2f} s").first
    expect(first).to_contain_text(str(notes[0][3]))


def test_an_insight_plays_exactly_its_seconds_and_shows_its_ground(
    page: Page, analysed: dict[str, Any]
) -> None:
    moment = analysed["advice"]["temporal_feedback"][0]
    region = page.get_by_test_id("insight-region").first
    page.get_by_test_id("rate").select_option(label="125 %")
    region.click()
    wait_until(lambda: not paused(page), 5)
    assert moment["start"] <= position(page) < moment["end"]
    assert page.evaluate(f"{SOUND}.preservesPitch") is True
    assert page.evaluate(f"{SOUND}.playbackRate") == 1.25
    wait_until(lambda: paused(page), 20)
    assert position(page) == pytest.approx(moment["end"], abs=0.05)
    detail = page.get_by_test_id("moment-detail")
    detail.get_by_text("What this rests on").click()
    values = {f"{s['value']:.2f}" for s in moment["support"] if s["value"] is not None}
    for value in values:
        expect(detail.get_by_test_id("evidence")).to_contain_text(value)


def test_a_span_is_chosen_with_the_keyboard_and_looped(page: Page) -> None:
    surface = page.get_by_test_id("timeline-surface")
    surface.focus()
    for key in ("Home", "ArrowRight", "ArrowRight", "Shift+ArrowRight"):
        surface.press(key)
    expect(page.get_by_test_id("span")).to_contain_text("0:02–0:03")
    page.get_by_test_id("loop").click()
    page.get_by_test_id("rate").select_option(label="125 %")
    surface.press("ArrowLeft")
    expect(page.get_by_test_id("span")).to_be_visible()  # still inside
    surface.press(" ")
    page.wait_for_timeout(1500)
    assert 1.9 <= position(page) <= 3.1
    assert not paused(page)
    surface.press(" ")
    surface.press("Home")
    expect(page.get_by_test_id("span")).to_be_hidden()  # left by going elsewhere


def test_a_citation_opens_its_source_at_the_passage(
    page: Page, server: Server, analysed: dict[str, Any]
) -> None:
    page.get_by_test_id("citation-chip").first.click()
    page.get_by_test_id("citation-popover").get_by_test_id("open-source").click()
    expect(page).to_have_url(re.compile("/library/.*passage="))
    citations = httpx.get(f"{server.url}/api/feedback/{analysed['id']}").json()["items"][0][
        "citations"
    ]  # of the advice as it stands: another test may have asked for it anew
    citation = next(c for c in citations if page.url.endswith(f"passage={c['chunk_id']}"))
    assert f"/library/{citation['document_id']}" in page.url
    passage = page.get_by_test_id("source-passage")
    expect(passage).to_be_in_viewport()
    words = re.findall(r"\w+", citation["quote"])
    assert words[:8] == re.findall(r"\w+", passage.inner_text().split(":", 1)[1])[:8] or (
        " ".join(words[:8]) in " ".join(re.findall(r"\w+", passage.inner_text()))
    )
    page.go_back()
    expect(page.get_by_test_id("piano-roll")).to_be_visible()


def test_notes_and_data_can_be_taken_along(page: Page, analysed: dict[str, Any]) -> None:
    saved = {}
    for what in ("notes.mid", "notes.csv", "segments.csv", "analysis"):
        page.get_by_test_id("export-menu").click()
        with page.expect_download() as download:
            page.get_by_test_id(f"export-{what}").click()
        saved[what] = Path(str(download.value.path())).read_bytes()
        assert download.value.suggested_filename.startswith("ishizaka")
    notes = analysed["performance"]["notes"]
    file = mido.MidiFile(file=io.BytesIO(saved["notes.mid"]))
    assert sum(message.type == "note_on" for message in file) == len(notes)
    assert saved["notes.csv"].count(b"\r\n") == len(notes) + 1
    windows = analysed["analysis"]["temporal_segments"]
    assert saved["segments.csv"].count(b"\r\n") == len(windows) + 2
    assert analysed["id"].encode() in saved["analysis"]
