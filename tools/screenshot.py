"""Makes the pictures in ``docs/images`` from a running server: ``python -m tools.screenshot URL``.

The newest analysed recording is shown; Chromium has to be installed.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

IMAGES = Path(__file__).resolve().parent.parent / "docs" / "images"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]


def main(url: str) -> None:
    chromium = shutil.which("chromium")
    if chromium is None:
        sys.exit("Chromium is not installed.")
    IMAGES.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 960})
        page.goto(url)
        page.get_by_test_id("recording-row").first.get_by_role("link").first.click()
        page.get_by_test_id("waveform").wait_for()
        page.get_by_test_id("chat-input").fill("What should I practise next?")
        page.get_by_test_id("chat-send").click()
        page.locator('[data-testid="chat-answer"][data-status="complete"]').last.wait_for()
        page.evaluate("window.scrollTo(0, 0)")
        page.wait_for_timeout(1000)
        page.screenshot(path=IMAGES / "recording.png")
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1])
