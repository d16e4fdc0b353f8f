"""The main pages look as they did, in both schemes: small pictures, compared with tolerance.

After a change that is meant: ``python -m tools.looks``, and look at what it wrote.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tools.looks import REFERENCES, SCHEMES, difference, read, stage, take

TOLERANCE = 0.03
"""Of the picture: other fonts and dates stay below, a missing part or another colour do not."""

Stage = tuple[str, dict[str, str]]


@pytest.fixture(scope="module")
def pages() -> Iterator[Stage]:
    with stage() as opened:
        yield opened


def test_the_pages_look_as_they_did(pages: Stage, browser: Browser) -> None:
    url, paths = pages
    changed = {}
    for name, path in paths.items():
        for scheme in SCHEMES:
            now = take(browser, url + path, scheme)
            apart = difference(now, read(REFERENCES / f"{name}-{scheme}.png"))
            if apart > TOLERANCE:
                changed[f"{name}, {scheme}"] = f"{apart:.1%}"
    assert changed == {}
    kept = {path.stem for path in REFERENCES.glob("*.png")}
    assert kept == {f"{name}-{scheme}" for name in paths for scheme in SCHEMES}


@pytest.mark.parametrize(
    "broken",
    [
        ":root { --surface: #dfe8ff; --paper: #cfe0ff }",
        "main { padding-top: 9rem !important }",
    ],
)
def test_what_is_broken_would_be_seen(pages: Stage, browser: Browser, broken: str) -> None:
    url, paths = pages
    now = take(browser, url + paths["recording"], "light", broken)
    assert difference(now, read(REFERENCES / "recording-light.png")) > TOLERANCE
