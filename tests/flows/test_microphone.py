"""A recording made in the browser: a microphone that hears a real piano."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Page, Playwright, expect

from tests.conftest import MakeRecording
from tests.fixtures.running import Server, wait_until
from tests.fixtures.sounds import PRELUDE
from tests.flows.conftest import FLAGS


@pytest.fixture
def page(playwright: Playwright, recording: MakeRecording) -> Iterator[Page]:
    heard = recording(".wav", PRELUDE, start_sec=2, seconds=12)
    flags = [*FLAGS, f"--use-file-for-fake-audio-capture={heard}"]
    browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=flags)
    opened = browser.new_page(locale="en-GB")
    opened.set_default_timeout(20_000)
    yield opened
    browser.close()


def level_db(page: Page) -> int:
    return int(page.get_by_test_id("level").get_attribute("aria-valuenow") or -60)


def seconds_in(text: str) -> int:
    """Of the first time in it, such as 0:05."""
    found = re.search(r"(\d+):(\d\d)", text)
    assert found is not None, text
    return int(found[1]) * 60 + int(found[2])


def test_what_the_microphone_hears_is_analysed(server: Server, page: Page) -> None:
    page.goto(server.url)
    page.get_by_test_id("record-open").click()
    recorder = page.get_by_test_id("recorder")
    expect(recorder).to_have_attribute("data-phase", "listening")
    wait_until(
        lambda: int(page.get_by_test_id("level").get_attribute("aria-valuenow") or -60) > -50, 10
    )
    recorder.get_by_role("spinbutton").fill("200")
    page.get_by_test_id("record-start").click()
    expect(page.get_by_test_id("count")).to_be_visible()
    expect(recorder).to_have_attribute("data-phase", "recording")
    timer = recorder.get_by_role("timer")
    wait_until(lambda: seconds_in(timer.inner_text()) >= 2, 20)
    page.get_by_test_id("record-pause").click()
    before = timer.inner_text()
    page.wait_for_timeout(1200)
    assert timer.inner_text() == before
    page.get_by_test_id("record-pause").click()
    wait_until(lambda: seconds_in(timer.inner_text()) >= seconds_in(before) + 2, 20)
    page.get_by_test_id("record-stop").click()
    keep = page.get_by_test_id("take-keep")
    expect(keep).to_be_visible()
    said = seconds_in(recorder.inner_text())
    keep.click()
    row = page.get_by_test_id("recording-row").first
    expect(row).to_contain_text("Take of")
    recording_id = row.get_attribute("data-recording-id")
    address = f"{server.url}/api/recordings/{recording_id}"
    sent = httpx.get(address).json()
    assert sent["format"] == "wav"
    assert sent["duration"] >= 4
    assert abs(sent["duration"] - said) < 1.5  # what is heard while it pauses is not kept
    wait_until(lambda: httpx.get(address).json()["status"] == "ready", 120)
    notes = httpx.get(f"{address}/performance").json()["notes"]
    assert len(notes) > 8
    assert {note[2] % 12 for note in notes} <= {0, 2, 4, 5, 7, 9, 11}  # C major, as it is played
