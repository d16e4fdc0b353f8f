"""Every page and state, light and dark, wide and narrow, held against axe-core's rules."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.conftest import MakeRecording
from tests.fixtures.running import Server, free_port, wait_until
from tests.fixtures.sounds import ARIA
from tests.flows.conftest import OpenPage
from tools.node import WEB

AXE = WEB / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
LOOKS = {
    "light and wide": {"width": 1280, "color_scheme": "light"},
    "dark and narrow": {"width": 390, "height": 844, "color_scheme": "dark"},
}
Step = Callable[[Page], None]


SETTLED = """() => Promise.allSettled(document.getAnimations()
    .filter((one) => one.effect.getComputedTiming().iterations !== Infinity)
    .map((one) => one.finished))"""
"""A colour that is just changing has no contrast of its own."""


def violations(page: Page) -> list[str]:
    page.evaluate(SETTLED)
    page.evaluate(AXE.read_text())
    found: dict[str, Any] = page.evaluate(
        "(tags) => axe.run(document, { runOnly: tags, resultTypes: ['violations'] })", RULES
    )
    return [
        f"{rule['id']}: {node['html'][:160]} | {node['failureSummary'][:300]}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


def states(recording: str, document: str, shared: str) -> list[tuple[str, str, Step]]:
    """A name, an address, and what is done there before looking."""

    def nothing(page: Page) -> None:
        page.wait_for_load_state("networkidle")

    def record(page: Page) -> None:
        page.get_by_test_id("record-open").click()
        expect(page.get_by_test_id("record-start")).to_be_visible()

    def insight(page: Page) -> None:
        page.get_by_test_id("insight-region").first.click()
        expect(page.get_by_test_id("moment-detail")).to_be_visible()
        page.evaluate(
            "document.querySelectorAll('details:not(:has([data-testid=export-menu]))')"
            ".forEach((folded) => (folded.open = true))"
        )

    def citation(page: Page) -> None:
        page.get_by_test_id("citation-chip").first.click()
        expect(page.get_by_test_id("citation-popover")).to_be_visible()

    def ask_to_delete(page: Page) -> None:
        page.get_by_test_id("delete-recording").first.click()
        expect(page.get_by_role("dialog")).to_be_visible()

    def search(page: Page) -> None:
        page.get_by_test_id("library-search").fill("pedal")
        page.get_by_test_id("library-search").press("Enter")
        expect(page.get_by_test_id("library-result").first).to_be_visible()

    def takes(page: Page) -> None:
        expect(page.get_by_test_id("stretches")).to_be_visible()

    def share(page: Page) -> None:
        page.get_by_test_id("share").click()
        page.get_by_test_id("share-make").click()
        expect(page.get_by_test_id("share-link")).to_be_visible()
        expect(page.get_by_test_id("share-row").first).to_be_visible()

    def piece(page: Page) -> None:
        page.get_by_test_id("progress-piece").fill("no such piece")
        page.get_by_test_id("progress-piece").press("Enter")
        expect(page.get_by_text("has “no such piece” in its name")).to_be_visible()

    def closed(page: Page) -> None:
        expect(page.get_by_text("This link leads nowhere")).to_be_visible()

    def offline(page: Page) -> None:
        page.context.set_offline(True)
        expect(page.get_by_test_id("offline")).to_contain_text("offline")

    def failed(page: Page) -> None:
        expect(page.get_by_test_id("error")).to_be_visible()

    itself = recording.rpartition("/")[2]
    missing = "00000000-0000-4000-8000-000000000000"
    return [
        ("home", "/", nothing),
        ("home, recording", "/", record),
        ("home, deleting", "/", ask_to_delete),
        ("recording", recording, nothing),
        ("recording, all open", recording, insight),
        ("recording, citation", recording, citation),
        ("recording, sharing", recording, share),
        ("shared", shared, nothing),
        ("shared no more", "/shared/nothing", closed),
        ("report", f"/api{recording}/report.html", nothing),
        ("recording that is not there", f"/recordings/{missing}", failed),
        ("two takes", f"/compare/{itself}/{itself}", takes),
        ("tutor", "/chat", nothing),
        ("library", "/library", nothing),
        ("library, found", "/library", search),
        ("source", document, nothing),
        ("progress", "/progress", nothing),
        ("progress of no piece", "/progress", piece),
        ("settings", "/settings", nothing),
        ("models", "/models", nothing),
        ("page that is not there", "/nothing/here", nothing),
        ("offline", "/", offline),
    ]


@pytest.mark.parametrize("look", LOOKS)
def test_axe_finds_nothing(
    server: Server, open_page: OpenPage, analysed: dict[str, Any], look: str
) -> None:
    cited = analysed["advice"]["citations"][0]
    at = cited["section"] or cited["page"] or 1
    document = f"/library/{cited['document_id']}?at={at}&passage={cited['chunk_id']}"
    link = httpx.post(f"{server.url}/api/shares", json={"recording_id": analysed["id"]}).json()
    page = open_page(**LOOKS[look])
    wrong = {}
    for name, address, step in states(analysed["path"], document, link["path"]):
        page.goto(server.url + address, wait_until="networkidle")
        step(page)
        wrong[name] = violations(page)
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, f"{name} is {wide} px wider than the window"
        page.context.set_offline(False)
    assert not any(wrong.values()), json.dumps({n: f for n, f in wrong.items() if f}, indent=1)


def test_axe_finds_nothing_where_there_is_nothing_yet(open_page: OpenPage, tmp_path: Path) -> None:
    """A newcomer's first look, in German."""
    fresh = Server(tmp_path / "data", free_port(), {"CRESCENDAI_WORKERS": "0"})
    fresh.launch()
    try:
        wait_until(lambda: fresh.answers("/api/health"), 60)
        page = open_page(locale="de-DE")
        for address, said in (
            ("/", "Noch nichts hier"),
            ("/chat", "Noch keine Gespräche"),
            ("/progress", "Noch keine Werte"),
        ):
            page.set_viewport_size({"width": 1280, "height": 860})
            page.emulate_media(color_scheme="light")
            page.goto(fresh.url + address, wait_until="networkidle")
            expect(page.get_by_text(said).first).to_be_visible()
            assert violations(page) == []
            page.set_viewport_size({"width": 360, "height": 780})
            page.emulate_media(color_scheme="dark")
            assert violations(page) == []
    finally:
        fresh.stop()


def test_a_conversation_an_analysis_and_a_refusal_too(
    server: Server,
    open_page: OpenPage,
    analysed: dict[str, Any],
    silence: Path,
    recording: MakeRecording,
) -> None:
    asked = {"message": "What stands out?", "recording_id": analysed["id"]}
    httpx.post(f"{server.url}/api/chat", json=asked, timeout=60)
    page = open_page(color_scheme="dark")
    session = httpx.get(f"{server.url}/api/chat/sessions").json()["items"][0]["session_id"]
    page.goto(f"{server.url}/chat/{session}", wait_until="networkidle")
    expect(page.get_by_test_id("chat-answer").last).to_be_visible()
    assert violations(page) == []
    for file, state in (
        (recording(".mp3", ARIA, 30, 18), "analysis-progress"),
        (silence, "refusal"),
    ):
        sent = httpx.post(
            f"{server.url}/api/upload", files={"file": (file.name, file.read_bytes())}
        ).json()
        page.goto(f"{server.url}/recordings/{sent['recording_id']}")
        expect(page.get_by_test_id(state)).to_be_visible()
        assert violations(page) == []
        httpx.delete(f"{server.url}/api/recordings/{sent['recording_id']}")


def test_with_the_keyboard_alone(server: Server, open_page: OpenPage, analysed: Any) -> None:
    page = open_page()
    page.goto(server.url + analysed["path"], wait_until="networkidle")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    seen = []
    for _ in range(12):
        page.keyboard.press("Tab")
        seen.append(page.evaluate("document.activeElement.dataset.testid"))
    assert "play-toggle" in seen
    assert "insight-region" in seen
    page.get_by_test_id("export-menu").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("export-notes.mid")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("export-menu")).to_be_focused()


def test_without_motion_nothing_moves(server: Server, open_page: OpenPage) -> None:
    page = open_page(reduced_motion="reduce")
    page.goto(f"{server.url}/chat", wait_until="networkidle")
    longest = page.evaluate(
        "Math.max(0, ...[...document.querySelectorAll('*')].map((e) =>"
        " parseFloat(getComputedStyle(e).animationDuration)))"
    )
    assert longest <= 0.001
