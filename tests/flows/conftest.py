"""One browser for all flows, and one recording that is analysed once."""

from __future__ import annotations

import shutil
import wave
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

from crescendai.web.pages import BUILD
from tests.conftest import MakeRecording
from tests.fixtures.running import Server, handbook_is_ready, wait_until
from tests.fixtures.sounds import ARIA

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
]
ANALYSED_WITHIN_SEC = 180.0

OpenPage = Callable[..., Page]


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """For one module: its event loop runs on in this thread, where no other can begin meanwhile."""
    assert shutil.which("chromium"), "Chromium is missing; `make test` installs it."
    assert (BUILD / "index.html").is_file(), "The web app is not built; `make test` builds it."
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    opened = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
    yield opened
    opened.close()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[OpenPage]:
    """``open_page(width=390, color_scheme="dark")``: a page that must log no error."""
    contexts = []
    problems: list[str] = []

    def make(width: int = 1280, height: int = 900, **options: Any) -> Page:
        options = {"locale": "en-GB", "viewport": {"width": width, "height": height}} | options
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda m: problems.append(m.text) if m.type == "error" else None)
        return page

    yield make
    for context in contexts:
        context.close()
    assert [p for p in problems if "Failed to load resource" not in p] == []


@pytest.fixture(scope="session")
def analysed(server: Server, recording: MakeRecording) -> dict[str, Any]:
    """A real recording of 18 seconds with its analysis and advice."""
    path = recording(".m4a", ARIA, seconds=18)
    with path.open("rb") as file:
        sent = httpx.post(f"{server.url}/api/upload", files={"file": (path.name, file)}).json()
    address = f"{server.url}/api/recordings/{sent['recording_id']}"
    wait_until(lambda: httpx.get(address).json()["status"] == "ready", ANALYSED_WITHIN_SEC)
    advice = f"{server.url}/api/feedback/{sent['recording_id']}"
    if not httpx.get(advice).json()["items"]:
        httpx.post(advice, timeout=60).raise_for_status()
    return {
        "id": sent["recording_id"],
        "path": f"/recordings/{sent['recording_id']}",
        "analysis": httpx.get(f"{address}/analysis").json(),
        "performance": httpx.get(f"{address}/performance").json(),
        "advice": httpx.get(advice).json()["items"][0],
    }


@pytest.fixture(scope="session")
def silence(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A WAV of eight megabytes that is refused as silent."""
    path = tmp_path_factory.mktemp("silence") / "eight-megabytes.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(44100)
        file.writeframes(bytes(8 * 1024 * 1024))
    return path


@pytest.fixture(scope="session")
def library(server: Server) -> None:
    """The handbook, taken in by the running server."""
    wait_until(lambda: handbook_is_ready(server), 240)
