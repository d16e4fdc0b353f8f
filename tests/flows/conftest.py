from __future__ import annotations

import httpx
import pytest

from tests.fixtures.running import Server, wait_until


@pytest.fixture(scope="session")
def library(server: Server) -> None:
    """The handbook, taken in by the running server."""

    def ready() -> bool:
        listed = httpx.get(f"{server.url}/api/knowledge/documents?limit=200", timeout=30)
        documents = listed.json()["items"]
        return len(documents) >= 45 and all(d["status"] == "ready" for d in documents)

    wait_until(ready, 240)
