"""Two takes of the same music: the one is switched to where the music of the other is."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from playwright.sync_api import expect

from tests.conftest import MakeRecording
from tests.fixtures.running import Server, wait_until
from tests.fixtures.sounds import ARIA
from tests.flows.conftest import ANALYSED_WITHIN_SEC, OpenPage
from tests.flows.test_recording_page import KEEP_SOUNDS

CUT_SEC = 3.0


def test_playback_goes_on_at_the_same_music(
    server: Server, open_page: OpenPage, analysed: dict[str, Any], recording: MakeRecording
) -> None:
    later = recording(".m4a", ARIA, start_sec=CUT_SEC, seconds=13)
    with later.open("rb") as file:
        sent = httpx.post(f"{server.url}/api/upload", files={"file": (later.name, file)}).json()
    other = f"{server.url}/api/recordings/{sent['recording_id']}"
    wait_until(lambda: httpx.get(other).json()["status"] == "ready", ANALYSED_WITHIN_SEC)

    page = open_page()
    page.add_init_script(KEEP_SOUNDS)
    page.goto(f"{server.url}/compare/{analysed['id']}/{sent['recording_id']}")
    first, second = page.get_by_test_id("take").nth(0), page.get_by_test_id("take").nth(1)
    first.get_by_test_id("timeline-surface").focus()
    for _ in range(9):
        page.keyboard.press("ArrowRight")
    second.get_by_test_id("listen").click()
    expect(second.get_by_test_id("listen")).to_have_attribute("aria-pressed", "true")
    at = page.evaluate("window.__sounds[1].currentTime")
    assert at == pytest.approx(9 - CUT_SEC, abs=0.7)

    row = page.get_by_test_id("stretches").get_by_role("row").nth(4)
    row.get_by_role("button").nth(1).click()
    wait_until(lambda: not page.evaluate("window.__sounds[1].paused"), 5)
    assert page.evaluate("window.__sounds[0].paused")
