"""An upload is paused, resumed, cut off in the middle, and arrives whole, nothing twice."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import expect

from crescendai.recordings.parts import PART_BYTES
from tests.fixtures.running import Server, wait_until
from tests.flows.conftest import OpenPage

BYTES_PER_SEC = 3_000_000
_CHUNK = 32 * 1024


class Line:
    """A slow TCP line to a server, which can be cut."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._open: list[socket.socket] = []
        self._whole = True
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Break every connection, and refuse new ones until ``mend``."""
        self._whole = False
        for end in self._open:
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # closed already
        self._open.clear()

    def mend(self) -> None:
        self._whole = True

    def close(self) -> None:
        self.cut()
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            if not self._whole:
                near.close()
                continue
            far = socket.create_connection(("127.0.0.1", self._to))
            self._open += [near, far]
            for source, sink, pace in ((near, far, BYTES_PER_SEC), (far, near, 0)):
                threading.Thread(target=_carry, args=(source, sink, pace), daemon=True).start()


def _carry(source: socket.socket, sink: socket.socket, bytes_per_sec: int) -> None:
    try:
        while content := source.recv(_CHUNK):
            sink.sendall(content)
            if bytes_per_sec:
                time.sleep(len(content) / bytes_per_sec)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        return


@pytest.fixture
def line(server: Server) -> Iterator[Line]:
    opened = Line(server.port)
    yield opened
    opened.close()


def test_a_broken_upload_goes_on_where_it_was(
    server: Server, open_page: OpenPage, line: Line, silence: Path
) -> None:
    page = open_page()
    sent: list[str] = []
    page.on(
        "request",
        lambda request: sent.append(request.url) if "/parts/" in request.url else None,
    )
    page.goto(f"http://127.0.0.1:{line.port}/")
    page.get_by_test_id("file-input").set_input_files(silence)
    upload = page.get_by_test_id("upload")
    expect(upload).to_contain_text(re.compile("Sending, [234]\\d %"))
    page.get_by_test_id("upload-pause").click()
    expect(upload).to_have_attribute("data-state", "paused")
    before = len(sent)
    page.wait_for_timeout(700)
    assert len(sent) == before  # it really waits

    page.get_by_test_id("upload-resume").click()
    expect(upload).to_contain_text(re.compile("Sending, [56]\\d %"))
    line.cut()
    expect(upload).to_have_attribute("data-state", "interrupted")
    expect(upload).to_contain_text("The connection broke")
    line.mend()
    row = page.get_by_test_id("recording-row").filter(has_text=silence.name)
    expect(row).to_be_visible()
    expect(upload).to_have_count(0)

    parts = -(-silence.stat().st_size // PART_BYTES)
    assert len(set(sent)) == parts
    assert len(sent) <= parts + 4  # the two that broke off, and what the cut refused
    recording = row.get_attribute("data-recording-id")
    audio = httpx.get(f"{server.url}/api/recordings/{recording}/audio")
    assert audio.content == silence.read_bytes()
    httpx.delete(f"{server.url}/api/recordings/{recording}")


def test_a_cancelled_upload_leaves_nothing(
    server: Server, open_page: OpenPage, line: Line, silence: Path
) -> None:
    page = open_page()
    page.goto(f"http://127.0.0.1:{line.port}/")
    with page.expect_response("**/api/upload/url") as begun:
        page.get_by_test_id("file-input").set_input_files(silence)
    address = f"{server.url}/api/uploads/{begun.value.json()['recording_id']}"
    wait_until(lambda: httpx.get(address).json()["parts"] >= 1, 10)
    with page.expect_response(lambda answer: answer.request.method == "DELETE"):
        page.get_by_test_id("upload-cancel").click()
    expect(page.get_by_test_id("upload")).to_have_count(0)
    assert httpx.get(address).status_code == 404
