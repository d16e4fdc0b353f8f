"""What is true of the whole app: its weight, its languages, and that it says when it is offline."""

from __future__ import annotations

import gzip
import re
import zipfile

import httpx
from playwright.sync_api import Page, Response, expect

from bench.web import WATCH
from crescendai.web.pages import BUILD
from tests.fixtures.running import Server
from tests.flows.conftest import OpenPage

FIRST_VIEW_BYTES = 150_000
MOST_SHIFT = 0.1
UNTIL_PAGES_ARE_AT_HAND = """() => new Promise((done) => {
    const pages = () => performance.getEntriesByType('resource')
        .filter((one) => /nodes.[0-9]+[.].*js$/.test(one.name) && one.responseEnd > 0).length;
    const look = () => (pages() >= 8 ? done() : setTimeout(look, 50));
    look();
})"""
"""The app fetches its other pages a little after the first."""


def loaded_scripts(page: Page, address: str) -> int:
    """Bytes of script, compressed, that a first view of the page fetches."""
    names: list[str] = []

    def note(response: Response) -> None:
        if response.request.resource_type == "script":
            names.append(re.sub(r"^https?://[^/]+/", "", response.url))

    page.on("response", note)
    page.goto(address, wait_until="networkidle")
    assert names
    return sum(len(gzip.compress((BUILD / name).read_bytes(), 6)) for name in set(names))


def test_a_first_view_is_light(
    server: Server, open_page: OpenPage, analysed: dict[str, str]
) -> None:
    for path in ("/", analysed["path"], "/progress"):
        weight = loaded_scripts(open_page(), server.url + path)
        assert weight < FIRST_VIEW_BYTES, (path, weight)


def test_nothing_jumps_while_a_recording_opens(
    server: Server, open_page: OpenPage, analysed: dict[str, str]
) -> None:
    page = open_page(height=1400)
    page.add_init_script(WATCH.replace("SELECTOR", "[data-testid=play-toggle]"))
    page.goto(server.url + analysed["path"], wait_until="networkidle")
    expect(page.get_by_test_id("insight-region").first).to_be_visible()
    assert page.evaluate("__seen.shift") < MOST_SHIFT


def test_the_browsers_language_is_spoken_and_another_can_be_chosen(
    server: Server, open_page: OpenPage
) -> None:
    page = open_page(locale="de-AT")
    page.goto(server.url)
    expect(page.get_by_role("heading", level=1)).to_have_text("Wie klingt es?")
    assert page.evaluate("document.documentElement.lang") == "de"
    page.goto(f"{server.url}/settings")
    page.get_by_test_id("language").select_option("en")
    expect(page.get_by_role("heading", level=1)).to_have_text("Settings")
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Settings")


def test_an_unknown_address_is_told_once(server: Server, open_page: OpenPage) -> None:
    """A page that thinks it is outdated loads itself again, and again."""
    page = open_page()
    opened: list[str] = []
    page.on("request", lambda r: opened.append(r.url) if r.is_navigation_request() else None)
    page.goto(f"{server.url}/nothing/here", wait_until="networkidle")
    expect(page.get_by_text("There is nothing at this address")).to_be_visible()
    assert len(opened) == 1


def test_it_says_when_it_is_offline(server: Server, open_page: OpenPage) -> None:
    page = open_page()
    page.goto(server.url)
    page.evaluate(UNTIL_PAGES_ARE_AT_HAND)
    page.context.set_offline(True)
    expect(page.get_by_test_id("offline")).to_contain_text("offline")
    page.get_by_role("link", name="Library", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Library")
    expect(page.get_by_test_id("error").first).to_contain_text("can’t be reached")
    page.context.set_offline(False)
    expect(page.get_by_test_id("offline")).to_have_text("")


def test_everything_can_be_taken_along_and_deletion_asks_first(
    server: Server, open_page: OpenPage, analysed: dict[str, str]
) -> None:
    page = open_page()
    page.goto(f"{server.url}/settings", wait_until="networkidle")
    with page.expect_download() as download:
        page.get_by_test_id("data-export").click()
    with zipfile.ZipFile(str(download.value.path())) as archive:
        assert any(analysed["id"] in name for name in archive.namelist())
    page.get_by_test_id("data-delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Keep").click()
    assert httpx.get(f"{server.url}/api{analysed['path']}").status_code == 200
