"""A document whose server is killed in the middle of it becomes ready, whole and once."""

from __future__ import annotations

import os
import signal
import sqlite3
from pathlib import Path

import httpx

from tests.fixtures.running import Server, free_port, wait_until

SENTENCES = 600
TEXT = " ".join(
    f"Practise number {n} slowly and listen to the bass and to the pedal." for n in range(SENTENCES)
)
READY_WITHIN_SEC = 400


def test_it_goes_on_where_it_was(tmp_path: Path) -> None:
    server = Server(tmp_path / "data", free_port())
    server.start()
    try:
        sent = httpx.post(
            f"{server.url}/api/knowledge/ingest",
            files={"file": ("book.txt", TEXT.encode())},
            timeout=60,
        )
        assert sent.status_code in (201, 202), sent.text
        document = f"{server.url}/api/knowledge/documents/{sent.json()['document_id']}"

        def state() -> dict[str, object]:
            answer: dict[str, object] = httpx.get(document, timeout=60).json()
            return answer

        wait_until(lambda: 15 <= int(str(state()["percent"])) < 90, READY_WITHIN_SEC)
        _kill(server)
        before = _chunks(server)
        assert before
        server.start()
        wait_until(lambda: state()["status"] == "ready", READY_WITHIN_SEC, lambda: str(state()))
        after = _chunks(server)
        assert len(after) == state()["chunk_count"]
        assert before <= after, "what had been read was read again"
        assert len({ordinal for _, ordinal in after}) == len(after)
        query = f"number {SENTENCES - 1}"
        found = httpx.get(
            f"{server.url}/api/knowledge/search", params={"q": query, "top_k": 3}, timeout=60
        ).json()["results"]
        assert any(query in hit["text"] for hit in found)
    finally:
        server.stop()


def _kill(server: Server) -> None:
    workers = server.worker_pids()
    assert workers
    assert server.process is not None
    for pid in (server.process.pid, *workers):
        os.kill(pid, signal.SIGKILL)
    server.process.wait(30)


def _chunks(server: Server) -> set[tuple[str, int]]:
    """(id, ordinal) of the document's chunks."""
    with sqlite3.connect(server.data_dir / "crescendai.db") as database:
        return set(
            database.execute(
                "SELECT c.id, c.ordinal FROM knowledge_chunks c JOIN knowledge_documents d "
                "ON d.id = c.document_id WHERE d.filename = 'book.txt'"
            ).fetchall()
        )
