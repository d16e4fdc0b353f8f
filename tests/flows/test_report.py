"""The report is taken along from the recording's page, and printed: the PDF holds all of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pypdfium2 as pdfium
from playwright.sync_api import expect

from tests.fixtures.running import Server
from tests.flows.conftest import OpenPage

A4_POINTS = (595, 842)


def test_the_report_prints_whole(
    server: Server, open_page: OpenPage, analysed: dict[str, Any], tmp_path: Path
) -> None:
    page = open_page(locale="de-DE")
    page.goto(server.url + analysed["path"])
    page.get_by_test_id("export-menu").click()
    with page.expect_download() as download:
        page.get_by_test_id("export-report.html").click()
    assert download.value.suggested_filename.endswith(" report.html")
    kept = tmp_path / "report.html"
    download.value.save_as(kept)

    page.goto(kept.as_uri())  # from the disk, with no server
    expect(page.get_by_role("heading", name="Wie es klingt")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    pdf = pdfium.PdfDocument(page.pdf(format="A4", prefer_css_page_size=True))
    sizes = {tuple(round(side) for side in sheet.get_size()) for sheet in pdf}
    assert len(sizes) == 1
    [size] = sizes
    assert all(abs(side - a4) <= 1 for side, a4 in zip(size, A4_POINTS, strict=True))
    flat = " ".join(" ".join(sheet.get_textpage().get_text_range() for sheet in pdf).split())
    for value in analysed["analysis"]["scores"].values():
        assert f"{value:.2f}".replace(".", ",") in flat
    for moment in analysed["advice"]["temporal_feedback"]:
        assert moment["timestamp"] in flat
    for source in analysed["advice"]["citations"]:
        assert source["title"] in flat


def test_over_http_its_policy_lets_it_look_as_it_does(
    server: Server, open_page: OpenPage, analysed: dict[str, Any]
) -> None:
    page = open_page()
    page.goto(f"{server.url}/api{analysed['path']}/report.html")
    assert page.evaluate("getComputedStyle(document.querySelector('.scale')).display") == "grid"
