"""What an attacker sends by hand, to a real server by raw connections: see docs/security.md."""

from __future__ import annotations

import contextlib
import socket
import threading

import httpx
import pytest

from tests.fixtures.running import Server, wait_until

CHAT = "POST /api/chat HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
CONTEXT = "GET /api/context HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
EVIL = "GET /api/context HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n"
NAMELESS = "GET /api/context HTTP/1.1\r\nConnection: close\r\n"
SECOND = f"0\r\n\r\n{CONTEXT}\r\n"
MALFORMED = {
    "two ways to tell the length": f"{CHAT}Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n"
    + SECOND,
    "two lengths": f"{CHAT}Content-Length: 0\r\nContent-Length: 30\r\n\r\n{CONTEXT}\r\n",
    "an unknown coding": f"{CHAT}Transfer-Encoding: xchunked\r\n\r\n{SECOND}",
    "a coding after chunked": f"{CHAT}Transfer-Encoding: chunked, identity\r\n\r\n{SECOND}",
    "a space before the colon": f"{CHAT}Transfer-Encoding : chunked\r\n\r\n{SECOND}",
    "a folded header": f"{CONTEXT}X-A: b\r\n c\r\n\r\n",
    "bare line feeds": "GET /api/context HTTP/1.1\nHost: localhost\n\n",
    "a signed length": f"{CHAT}Content-Length: +5\r\n\r\nabcde",
    "a negative length": f"{CHAT}Content-Length: -5\r\n\r\nabcde",
    "a length beyond 64 bits": f"{CHAT}Content-Length: {'9' * 23}\r\n\r\nabcde",
    "a chunk beyond 64 bits": f"{CHAT}Transfer-Encoding: chunked\r\n\r\n{'F' * 17}\r\n{SECOND}",
    "a NUL in a header": f"{CONTEXT}X-A: a\x00b\r\n\r\n",
    "no host": f"{NAMELESS}\r\n",
    "an empty host": f"{NAMELESS}Host: \r\n\r\n",
    "two hosts": f"{CONTEXT}Host: evil.example\r\n\r\n",
    "a host within a user": f"{NAMELESS}Host: localhost@evil.example\r\n\r\n",
    "a host that a proxy is said to have seen": f"{EVIL}X-Forwarded-Host: localhost\r\n\r\n",
    "a web socket by a rebound name": f"{EVIL}Upgrade: websocket\r\n\r\n",
    "a tunnel": "CONNECT evil.example:443 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "HTTP/2": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
}
PATHS = (
    "/..%2f..%2f..%2fbootstrap.py",
    "/%2e%2e/%2e%2e/settings.py",
    "/_app/..%2f..%2f__init__.py",
    "/_app/immutable/..%2F..%2F..%2Fpages.py",
    "/..%5c..%5cpages.py",
    "/%2e%2e%2fpages.py",
    "/api/../settings.py",
    "/.git/config.txt",
    "/api/context;x.css",
    "/api/context/x.css",
    "/api/recordings/",
    "/api/context%0d%0aX-A:b",
    "/api/context%00.css",
)


def answers(server: Server, sent: str) -> tuple[list[int], bytes]:
    """The statuses of all answers to what was sent, and everything that came."""
    got = b""
    with socket.create_connection(("127.0.0.1", server.port), 10) as connection:
        connection.sendall(sent.encode("latin-1"))
        while chunk := connection.recv(65536):
            got += chunk
    lines = [line for line in got.split(b"\r\n") if line.startswith(b"HTTP/1.1 ")]
    return [int(line.split()[1]) for line in lines], got


@pytest.mark.parametrize("sent", MALFORMED.values(), ids=MALFORMED)
def test_what_is_no_single_plain_request_is_refused_whole(server: Server, sent: str) -> None:
    [status], got = answers(server, sent)
    assert status in (400, 431)
    assert b"application/problem+json" in got


def test_an_upgrade_and_another_method_in_a_header_change_nothing(server: Server) -> None:
    wishes = "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP\r\n"
    assert answers(server, f"{CONTEXT}{wishes}\r\n")[0] == [200]
    for name in ("X-HTTP-Method-Override", "X-Method-Override", "X-HTTP-Method"):
        answer = httpx.post(f"{server.url}/api/context?_method=PUT", headers={name: "PUT"}, json={})
        assert answer.status_code == 405
    for name in ("X-Original-URL", "X-Rewrite-URL"):
        answer = httpx.get(f"{server.url}/api/context", headers={name: "/api/keys"})
        assert "goals" in answer.json()


@pytest.mark.parametrize("path", PATHS)
def test_no_path_leads_out_of_the_web_app_or_to_a_cached_answer(server: Server, path: str) -> None:
    [status], got = answers(server, CONTEXT.replace("/api/context", path, 1) + "\r\n")
    head, _, body = got.partition(b"\r\n\r\n")
    assert status == 404, got[:500]
    assert b"X-A: b" not in head
    assert b"import " not in body


def test_a_query_of_any_length_is_answered(server: Server) -> None:
    for query, status in (
        ("q=" + "a" * 60_000, 422),
        ("&".join(f"a{n}=1" for n in range(7000)) + "&q=pedal", 200),
        ("q=" + "%00" * 1000, 200),
    ):
        path = f"{server.url}/api/knowledge/search?{query}"
        assert httpx.get(path, timeout=30).status_code == status


def test_nothing_that_is_sent_makes_the_server_call_an_address(server: Server) -> None:
    called: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        threading.Thread(target=_answer, args=(listener, called), daemon=True).start()
        external = f'<!ENTITY x SYSTEM "{address}/x"><!ENTITY % p SYSTEM "{address}/p"> %p;'
        documents = {
            "page.html": f'<base href="{address}/"><link rel=stylesheet href="{address}/a.css">'
            f'<img src="{address}/i"><iframe src="{address}/f"></iframe>'
            f'<meta http-equiv=refresh content="0;url={address}/r"><p>Practise trills slowly.</p>',
            "entity.xhtml": f"<!DOCTYPE html [{external}]><html><p>Practise &x; trills.</p></html>",
            "notes.md": f"# Trills\n\n![]({address}/m) Practise them with a plan.\n",
        }
        with httpx.Client(base_url=server.url, timeout=60, trust_env=False) as client:
            for name, text in documents.items():
                file = {"file": (name, text.encode())}
                sent = client.post("/api/knowledge/ingest", files=file)
                where = f"/api/knowledge/documents/{sent.json()['document_id']}"
                wait_until(lambda at=where: client.get(at).json()["status"] == "ready", 60)
                client.delete(where)
            for name in ("list.m3u", "list.mp3"):
                playlist = {"file": (name, f"#EXTM3U\n{address}/a.mp3\n".encode())}
                assert client.post("/api/upload", files=playlist).status_code == 415
            client.post("/api/chat", json={"message": f"Read {address}/c and ![]({address}/i)."})
        assert httpx.get(f"{address}/ours", trust_env=False).status_code == 200
    assert len(called) == 1, "somebody else called"


def _answer(listener: socket.socket, called: list[bytes]) -> None:
    with contextlib.suppress(OSError):
        while True:
            connection, _ = listener.accept()
            with connection:
                called.append(connection.recv(200))
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
