"""Which addresses cost what: read by the limits, the shedding and the scopes of a request."""

from __future__ import annotations

import re

UPLOADS = frozenset({"/api/upload", "/api/knowledge/ingest"})
INGESTION = frozenset({"/api/knowledge/ingest"})
_TURN = re.compile(
    r"/api/chat(?:/sessions/[^/]+/(?:regenerate|edit))?|/v1/chat/completions|"
    r"/api/feedback/[^/]+/turn"
)
_STREAM = re.compile(r"/api/(?:recordings|chat/sessions)/[^/]+/events")
_COMPLETION = re.compile(r"/api/recordings/[^/]+/complete")
COUNTED = ("/api/", "/v1/", "/mcp")
FREE = frozenset({"/api/health", "/api/ready"})


def carries_file(path: str) -> bool:
    """Requests whose body may be as large as an upload."""
    return path in UPLOADS or path.startswith("/api/objects/")


def sends_recording(path: str) -> bool:
    return path == "/api/upload" or _COMPLETION.fullmatch(path) is not None


def is_counted(path: str) -> bool:
    """Calls of the interfaces; the web app's pages and the server's health are not."""
    return path.startswith(COUNTED) and path not in FREE


def begins_turn(method: str, path: str) -> bool:
    return method == "POST" and _TURN.fullmatch(path) is not None


def asks_model(method: str, path: str) -> bool:
    return begins_turn(method, path) or (method == "POST" and path.startswith("/api/feedback/"))


def is_stream(method: str, path: str) -> bool:
    """Answers that stay open for long."""
    return begins_turn(method, path) or (method == "GET" and _STREAM.fullmatch(path) is not None)
