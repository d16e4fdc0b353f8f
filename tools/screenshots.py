"""Takes the pictures of the docs from a running demonstration: ``make screenshots``."""

from __future__ import annotations

import shutil

from playwright.sync_api import Page, sync_playwright

from tools.demo import Instance, fill, serve
from tools.node import ROOT

IMAGES = ROOT / "docs" / "images"
PORT = 8011
FLAGS = ["--no-sandbox", "--disable-gpu", "--autoplay-policy=no-user-gesture-required"]


def _settled(page: Page, address: str) -> None:
    page.goto(address, wait_until="networkidle")
    page.wait_for_timeout(500)


def take(page: Page, instance: Instance, recording: str, look: str) -> None:
    first = instance.call("GET", "/api/recordings")["items"][-1]["recording_id"]
    _settled(page, f"{instance.url}/recordings/{recording}")
    page.get_by_test_id("insight-region").first.click()
    page.wait_for_timeout(1200)
    page.get_by_test_id("play-toggle").click()
    page.evaluate("scrollTo(0, 0)")
    page.screenshot(path=IMAGES / f"recording-{look}.png")
    session = instance.call("GET", "/api/chat/sessions")["items"][0]["session_id"]
    for name, path in (
        ("home", "/"),
        ("conversation", f"/chat/{session}"),
        ("progress", "/progress"),
        ("two-takes", f"/compare/{recording}/{first}"),
    ):
        _settled(page, instance.url + path)
        page.screenshot(path=IMAGES / f"{name}-{look}.png")


def main() -> None:
    instance = Instance(f"http://127.0.0.1:{PORT}")
    server = serve(PORT)
    try:
        recording = fill(instance)
        IMAGES.mkdir(parents=True, exist_ok=True)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=FLAGS
            )
            for look, width, scheme in (("light", 1280, "light"), ("dark-phone", 390, "dark")):
                context = browser.new_context(
                    viewport={"width": width, "height": 860},
                    color_scheme="dark" if scheme == "dark" else "light",
                    locale="en-GB",
                )
                take(context.new_page(), instance, recording, look)
            browser.close()
    finally:
        server.terminate()
        server.wait(30)


if __name__ == "__main__":
    main()
