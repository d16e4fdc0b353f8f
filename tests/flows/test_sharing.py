"""A link is made on the recording's page, opened by somebody else, and revoked."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Page, expect

from crescendai.music.dimensions import DIMENSION_KEYS
from tests.fixtures.running import Server
from tests.flows.conftest import OpenPage


def make_link(page: Page, server: Server, path: str) -> str:
    page.goto(server.url + path)
    page.get_by_test_id("share").click()
    page.get_by_test_id("share-make").click()
    return page.get_by_test_id("share-link").input_value()


def test_a_link_shows_the_recording_until_it_is_revoked(
    server: Server, open_page: OpenPage, analysed: dict[str, Any]
) -> None:
    owner = open_page(permissions=["clipboard-read", "clipboard-write"])
    link = make_link(owner, server, analysed["path"])
    assert re.fullmatch(rf"{server.url}/shared/[\w-]{{43}}", link)
    owner.get_by_test_id("share-copy").click()
    expect(owner.get_by_test_id("share-copy")).to_have_text("Copied")
    assert owner.evaluate("navigator.clipboard.readText()") == link

    visitor = open_page()
    asked: list[str] = []
    visitor.on("request", lambda request: asked.append(request.url.removeprefix(server.url)))
    visitor.goto(link, wait_until="networkidle")
    expect(visitor.get_by_test_id("waveform")).to_have_attribute("data-state", "ready")
    for key in DIMENSION_KEYS:
        expect(visitor.get_by_test_id(f"scale-{key}")).to_be_visible()
    notes = len(analysed["performance"]["notes"])
    expect(visitor.get_by_text(f"{notes} notes as a table")).to_be_visible()
    visitor.get_by_test_id("insight-region").first.click()
    expect(visitor.get_by_test_id("moment-detail")).to_be_visible()
    expect(visitor.get_by_test_id("advice")).to_be_visible()
    visitor.get_by_test_id("citation-chip").first.click()
    expect(visitor.get_by_test_id("citation-popover")).to_be_visible()
    for absent in ("open-source", "get-advice", "chat-input", "delete-recording", "share"):
        expect(visitor.get_by_test_id(absent)).to_have_count(0)
    expect(visitor.get_by_role("navigation")).to_have_count(0)
    assert {path for path in asked if path.startswith("/api/")} <= {
        f"/api{link.removeprefix(server.url)}{part}" for part in ("", "/audio", "/performance")
    }

    links = owner.get_by_test_id("share-row").count()
    owner.get_by_test_id("share-revoke").first.click()
    expect(owner.get_by_test_id("share-row")).to_have_count(links - 1)
    expect(owner.get_by_test_id("share-link")).to_have_count(0)
    visitor.reload()
    expect(visitor.get_by_text("This link leads nowhere")).to_be_visible()
