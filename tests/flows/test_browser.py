"""The page in a real browser with a real file: drop it, watch, read, ask, look it up."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from crescendai.music.dimensions import DIMENSION_KEYS
from tests.conftest import MakeRecording
from tests.fixtures.running import Server
from tests.fixtures.sounds import ARIA
from tests.flows.conftest import OpenPage

ANALYSED_WITHIN_MS = 180_000


@pytest.fixture
def page(open_page: OpenPage) -> Page:
    return open_page()


def test_from_a_file_to_advice(server: Server, page: Page, recording: MakeRecording) -> None:
    path = recording(".m4a", ARIA, seconds=18)

    page.goto(server.url)
    page.get_by_test_id("file-input").set_input_files(path)
    row = page.get_by_test_id("recording-row").filter(has_text=path.name)
    expect(row).to_be_visible()
    row.get_by_role("link").first.click()
    expect(page).to_have_url(re.compile(r"/recordings/[0-9a-f-]{36}$"))

    expect(page.get_by_test_id("waveform")).to_be_visible(timeout=ANALYSED_WITHIN_MS)
    analysis = _analysis(server, page.url)
    for key in DIMENSION_KEYS:
        scale = page.get_by_test_id(f"scale-{key}")
        expect(scale).to_be_visible()
        shown = float(scale.get_attribute("data-value") or "nan")
        assert shown == pytest.approx(analysis["scores"][key], abs=0.006)
    expect(page.get_by_test_id("segments")).to_be_visible()

    page.get_by_test_id("get-advice").click()
    expect(page.get_by_test_id("advice")).to_be_visible()
    quote = page.get_by_test_id("advice-citation").first
    expect(quote).to_contain_text("CrescendAI Handbook")

    page.get_by_test_id("chat-input").fill("What should I practise next?")
    page.get_by_test_id("chat-send").click()
    answer = page.get_by_test_id("chat-answer").last
    expect(answer).to_have_attribute("data-status", "complete", timeout=60_000)
    assert len(answer.inner_text()) > 100
    expect(page.get_by_test_id("citation-chip").first).to_be_visible()
    said = answer.get_by_role("paragraph").last.inner_text()

    page.reload()
    expect(page.get_by_test_id("waveform")).to_be_visible()
    expect(page.get_by_test_id("chat-answer").last).to_contain_text(said)


def test_the_policy_is_strict_and_breaks_nothing(server: Server, browser: Browser) -> None:
    """Our pages work under it; a script that somebody smuggled in does not run."""
    policy = httpx.get(server.url).headers["content-security-policy"]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert "unsafe" not in rules["script-src"]
    assert rules["frame-ancestors"] == "'none'"
    assert rules["object-src"] == "'none'"
    errors: list[str] = []
    page = browser.new_page()
    page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    for path in ("/", "/chat", "/docs"):
        page.goto(server.url + path, wait_until="networkidle")
    expect(page.locator("#reference .opblock").first).to_be_visible()  # /docs, from own files
    assert errors == []
    page.goto(server.url)
    smuggle = "document.body.appendChild(document.createElement('script')).text = 'window.got = 1'"
    page.evaluate(smuggle)
    assert page.evaluate("window.got") is None
    assert any("Content Security Policy" in error for error in errors)
    page.close()


def test_a_wrong_file_is_explained(server: Server, page: Page, tmp_path_factory: Any) -> None:
    wrong = tmp_path_factory.mktemp("wrong") / "take.wav"
    wrong.write_bytes(b"OggS" + bytes(2000))
    page.goto(server.url)
    page.get_by_test_id("file-input").set_input_files(wrong)
    expect(page.get_by_test_id("upload-error")).to_contain_text("not a WAV, MP3 or M4A")


def test_the_library_can_be_searched(server: Server, page: Page) -> None:
    page.goto(f"{server.url}/library")
    box = page.get_by_test_id("library-search")
    box.fill("my pedal sounds muddy")
    box.press("Enter")
    expect(page.get_by_test_id("library-result").first).to_contain_text(re.compile("pedal", re.I))


def test_deep_links_open(server: Server, page: Page) -> None:
    for path in ("/chat", "/progress", "/settings", "/library"):
        page.goto(server.url + path)
        expect(page.get_by_role("main")).to_be_visible()


def _analysis(server: Server, url: str) -> dict[str, Any]:
    recording_id = url.rpartition("/")[2]
    answer = httpx.get(f"{server.url}/api/recordings/{recording_id}/analysis")
    found: dict[str, Any] = answer.json()
    return found
