"""How the main pages look, small, in both schemes: ``python -m tools.looks`` renews what is kept.

``tests/flows/test_looks.py`` holds today's pages against ``tests/flows/references``. The pages show
a recording whose analysis is made up and always the same; dates are hidden.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

import av
import httpx
import numpy as np
import numpy.typing as npt
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.fixtures.analysed import analysed
from tests.fixtures.in_process import in_process
from tests.fixtures.running import Server, free_port, wait_until
from tools.node import ROOT

REFERENCES = ROOT / "tests" / "flows" / "references"
SIZE = (1280, 860)
KEPT = (320, 215)
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]
Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
HIDE = "header p.soft, .main p.soft { visibility: hidden }"

Picture = npt.NDArray[np.uint8]


async def _fill(data: Path) -> dict[str, str]:
    """Two recordings with advice and a link; the pages to look at."""
    async with in_process(data) as client:
        for day in ("monday", "wednesday"):
            audio = (ROOT / "demo" / f"prelude-{day}.mp3").read_bytes()
            made = await analysed(client, audio, {}, f"prelude-{day}.mp3")
            (await client.post(f"/api/feedback/{made}")).raise_for_status()
        link = (await client.post("/api/shares", json={"recording_id": made})).json()
    return {
        "home": "/",
        "recording": f"/recordings/{made}",
        "shared": link["path"],
        "progress": "/progress",
    }


@contextmanager
def stage() -> Iterator[tuple[str, dict[str, str]]]:
    """A server without workers, and its pages."""
    with tempfile.TemporaryDirectory() as name:
        data = Path(name) / "data"
        pages = asyncio.run(_fill(data))
        server = Server(data, free_port(), {"CRESCENDAI_WORKERS": "0"})
        server.launch()
        try:
            wait_until(lambda: _answers(server.url), 60)
            yield server.url, pages
        finally:
            server.stop()


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/api/health").status_code == 200
    except httpx.TransportError:
        return False


def take(browser: Browser, address: str, scheme: Scheme, css: str = "") -> Picture:
    """The page, small; ``css`` changes it."""
    context = browser.new_context(
        viewport={"width": SIZE[0], "height": SIZE[1]},
        color_scheme=scheme,
        locale="en-GB",
        reduced_motion="reduce",
    )
    page = context.new_page()
    page.goto(address, wait_until="networkidle")
    page.evaluate(
        "(css) => { const s = new CSSStyleSheet(); s.replaceSync(css);"
        " document.adoptedStyleSheets.push(s); }",
        HIDE + css,
    )
    if any(part in address for part in ("/recordings/", "/shared/")):
        expect(page.get_by_test_id("waveform")).to_have_attribute("data-state", "ready")
    picture = at_rest(page)
    context.close()
    return picture


def at_rest(page: Page) -> Picture:
    """The page once it looks the same twice, a fifth of a second apart, or after ten seconds."""
    now = small(page.screenshot())
    for _ in range(50):
        page.wait_for_timeout(200)
        before, now = now, small(page.screenshot())
        if np.array_equal(before, now):
            break
    return now


def small(png: bytes) -> Picture:
    with tempfile.NamedTemporaryFile(suffix=".png") as file:
        file.write(png)
        file.flush()
        return read(Path(file.name))


def read(path: Path) -> Picture:
    """A PNG, brought to the kept size."""
    with av.open(str(path)) as container:
        frame: Any = next(container.decode(video=0))
        scaled = frame.reformat(*KEPT, format="rgb24", interpolation="AREA")
        picture: Picture = scaled.to_ndarray()
        return picture


def write(path: Path, picture: Picture) -> None:
    frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
    coder: Any = av.CodecContext.create("png", "w")
    coder.width, coder.height, coder.pix_fmt = *KEPT, "rgb24"
    coder.time_base = Fraction(1)
    path.write_bytes(b"".join(bytes(p) for p in [*coder.encode(frame), *coder.encode(None)]))


def difference(one: Picture, other: Picture) -> float:
    """The share of the picture that differs plainly, fonts and edges apart."""
    apart = np.abs(_blurred(one) - _blurred(other)).max(axis=2)
    return float(np.mean(apart > 24))


def _blurred(picture: Picture) -> npt.NDArray[np.float64]:
    """Means of five by five pixels: a line of text becomes grey."""
    height, width = (side // 5 * 5 for side in picture.shape[:2])
    tiles = picture[:height, :width].reshape(height // 5, 5, width // 5, 5, 3)
    means: npt.NDArray[np.float64] = tiles.astype(np.float64).mean(axis=(1, 3))
    return means


def main() -> None:
    REFERENCES.mkdir(exist_ok=True)
    with stage() as (url, pages), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        for name, path in pages.items():
            for scheme in SCHEMES:
                kept = REFERENCES / f"{name}-{scheme}.png"
                write(kept, take(browser, url + path, scheme))
                print(f"{kept.relative_to(ROOT)} {os.path.getsize(kept) // 1024} kB", flush=True)
        browser.close()


if __name__ == "__main__":
    main()
