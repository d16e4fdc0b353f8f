"""What surrounds every request: problems, origins, hosts, keys, the log."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog

from crescendai.errors import CrescendError
from crescendai.identity.service import IdentityService
from crescendai.kit import logs
from crescendai.web.problems import STATUS_BY_KIND
from crescendai.web.status import look
from tests.fixtures.in_process import in_process


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with in_process(tmp_path / "data") as opened:
        yield opened


def every_error() -> list[type[CrescendError]]:
    found, rest = [], [CrescendError]
    while rest:
        kind = rest.pop()
        found.append(kind)
        rest += kind.__subclasses__()
    return found


@pytest.mark.parametrize("error", every_error(), ids=lambda e: e.__name__)
def test_every_kind_of_error_has_a_status(error: type[CrescendError]) -> None:
    assert 400 <= STATUS_BY_KIND[error.kind] < 600


async def test_health_and_readiness(client: httpx.AsyncClient) -> None:
    assert (await client.get("/api/health")).json()["status"] == "ok"
    answer = await client.get("/api/ready")
    parts = answer.json()["parts"]
    assert answer.status_code == 503  # no worker runs in this test
    assert parts["workers"]["status"] == "down"
    assert all(part["status"] == "ok" for name, part in parts.items() if name != "workers")


async def test_an_unknown_address_is_a_problem(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/nothing")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    answer = await client.patch("/api/recordings")
    assert answer.status_code == 405
    assert answer.json()["type"] == "urn:crescendai:problem:method_not_allowed"


async def test_malformed_json_is_a_400_and_a_missing_field_a_422(
    client: httpx.AsyncClient,
) -> None:
    malformed = await client.post(
        "/api/chat", content=b"{", headers={"content-type": "application/json"}
    )
    assert malformed.status_code == 400
    assert malformed.json()["type"] == "urn:crescendai:problem:json_malformed"
    missing = await client.post("/api/chat", json={})
    assert missing.status_code == 422
    assert missing.json()["errors"][0]["field"] == "body.message"


async def test_the_nineteen_scales_are_told(client: httpx.AsyncClient) -> None:
    scales = (await client.get("/api/dimensions")).json()
    assert len(scales) == 19
    assert sum(scale["holistic"] for scale in scales) == 3
    assert scales[0] == {
        "key": "timing_stable_unstable",
        "left": "stable",
        "right": "unstable",
        "group": "timing",
        "holistic": False,
    }


async def test_a_page_from_elsewhere_may_not_write(client: httpx.AsyncClient) -> None:
    answer = await client.post("/api/upload", headers={"origin": "https://elsewhere.example"})
    assert answer.status_code == 403
    own = await client.post("/api/upload", headers={"origin": "http://127.0.0.1:8000"})
    assert own.status_code == 400  # let in, and refused only for what it sent


async def test_a_rebound_host_name_is_refused(client: httpx.AsyncClient) -> None:
    for host in ("rebound.example", "rebound.example:8000", "127.0.0.1.example", "", "[::2]:80"):
        answer = await client.get("/api/recordings", headers={"host": host})
        assert answer.status_code == 400, host
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["type"] == "urn:crescendai:problem:host_not_allowed"
    for host in ("localhost", "localhost:8000", "127.0.0.1:1", "[::1]", "[::1]:8000"):
        answer = await client.get("/api/recordings", headers={"host": host})
        assert answer.status_code == 200, host


async def test_allowed_origins_may_read_and_write(tmp_path: Path) -> None:
    origin = "https://piano.example"
    lookalikes = (
        "https://other.example",
        "https://piano.example.evil.example",
        "https://evil-piano.example",
        "https://sub.piano.example",
        "http://piano.example",
        "https://piano.example:8443",
        "HTTPS://PIANO.EXAMPLE",
        "null",
    )
    wish = {"access-control-request-method": "PUT", "access-control-request-headers": "x-api-key"}
    settings: dict[str, Any] = {"auth": "required", "rate_limit_per_minute": 100}
    async with in_process(tmp_path / "data", allowed_origins=(origin,), **settings) as client:
        identity: IdentityService = client._transport.app.state.identity  # type: ignore[attr-defined]
        key = {"x-api-key": (await identity.create_key("k")).key}
        asked = await client.options("/api/context", headers={"origin": origin} | wish)
        assert asked.status_code == 200
        assert "PUT" in asked.headers["access-control-allow-methods"]
        assert "X-API-Key" in asked.headers["access-control-allow-headers"]
        answers = [
            await client.get("/api/context", headers={"origin": origin} | key),
            await client.get("/api/context", headers={"origin": origin}),  # errors are read too
            await client.post("/api/upload", headers={"origin": origin} | key),
        ]
        assert [answer.status_code for answer in answers] == [200, 401, 400]
        for answer in (asked, *answers):
            assert answer.headers["access-control-allow-origin"] == origin  # never a star
            assert answer.headers["access-control-allow-credentials"] == "true"
            assert "Origin" in answer.headers["vary"]
        for name in ("ETag", "Retry-After", "RateLimit", "X-Request-ID"):
            assert name in answers[0].headers["access-control-expose-headers"]
        for other in lookalikes:
            refused = await client.options("/api/context", headers={"origin": other} | wish)
            assert refused.status_code == 400, other
            read = await client.get("/api/context", headers={"origin": other} | key)
            written = await client.post("/api/upload", headers={"origin": other} | key)
            assert written.status_code == 403, other
            for answer in (refused, read, written):
                assert "access-control-allow-origin" not in answer.headers, other
    async with in_process(tmp_path / "alone") as client:
        answer = await client.get("/api/context", headers={"origin": origin})
        assert not [name for name in answer.headers if name.startswith("access-control")]


async def test_with_auth_every_route_but_health_needs_a_key(tmp_path: Path) -> None:
    async with in_process(tmp_path / "data", auth="required") as client:
        nobody = await client.get("/api/recordings")
        assert nobody.status_code == 401
        assert nobody.json()["type"] == "urn:crescendai:problem:credentials_missing"
        wrong = await client.get("/api/recordings", headers={"x-api-key": "cai_wrong"})
        assert wrong.status_code == 401
        assert (await client.get("/api/health")).status_code == 200
        identity: IdentityService = client._transport.app.state.identity  # type: ignore[attr-defined]
        key = (await identity.create_key("test")).key
        for headers in ({"x-api-key": key}, {"authorization": f"Bearer {key}"}):
            assert (await client.get("/api/recordings", headers=headers)).status_code == 200


async def test_one_callers_things_do_not_exist_for_another(
    tmp_path: Path, recording: object
) -> None:
    assert callable(recording)
    content = recording(".mp3", seconds=4).read_bytes()
    async with in_process(tmp_path / "data", auth="required") as client:
        identity: IdentityService = client._transport.app.state.identity  # type: ignore[attr-defined]
        one = {"x-api-key": (await identity.create_key("a", user="one")).key}
        other = {"x-api-key": (await identity.create_key("b", user="other")).key}
        sent = await client.post("/api/upload", files={"file": ("a.mp3", content)}, headers=one)
        url = f"/api/recordings/{sent.json()['recording_id']}"
        assert (await client.get(url, headers=one)).status_code == 200
        for method, rest in (("GET", ""), ("GET", "/audio"), ("GET", "/analysis"), ("DELETE", "")):
            assert (await client.request(method, url + rest, headers=other)).status_code == 404
        assert (await client.get("/api/recordings", headers=other)).json()["items"] == []


async def test_the_log_names_no_query_and_no_body(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    logs.configure("json", "info")
    try:
        async with in_process(tmp_path / "data") as client:
            await client.get("/api/recordings?cursor=a-secret-query")
    finally:
        structlog.reset_defaults()
    written = capfd.readouterr().err
    assert '"path": "/api/recordings"' in written
    assert '"method": "GET"' in written
    assert '"duration_ms"' in written
    assert '"request_id"' in written
    assert "a-secret-query" not in written


async def test_metrics_count_what_was_looked_for_in_the_cache(client: httpx.AsyncClient) -> None:
    for _ in range(2):
        await client.get("/api/recordings/00000000-0000-0000-0000-000000000000")
    text = (await client.get("/metrics")).text
    assert 'crescendai_cache_lookups_total{kind="metadata",result="miss"} 2.0' in text


async def test_metrics_count_requests_by_route(client: httpx.AsyncClient) -> None:
    await client.get("/api/recordings")
    text = (await client.get("/metrics")).text
    assert 'route="/api/recordings",status="200"} 1.0' in text


@pytest.mark.parametrize("path", ["/api", "/api/nothing", "/v1/nothing", "/mcp/nothing"])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
async def test_an_unknown_interface_is_a_404_for_every_method(
    client: httpx.AsyncClient, path: str, method: str
) -> None:
    assert (await client.request(method, path)).status_code == 404


async def test_a_known_address_says_which_methods_it_has(client: httpx.AsyncClient) -> None:
    answer = await client.delete("/api/upload")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "POST"


@pytest.mark.parametrize("path", ["/%00", f"/{'a' * 300}", "/../../etc/passwd", "/%2e%2e/x"])
async def test_a_path_that_no_file_can_have_is_a_page(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    assert answer.status_code in (200, 404)
    assert "root:" not in answer.text


async def test_monitors_may_ask_with_head(client: httpx.AsyncClient) -> None:
    assert (await client.head("/api/health")).status_code == 200
    assert (await client.head("/")).status_code == 200


async def test_a_check_that_breaks_counts_as_down() -> None:
    async def broken() -> None:
        raise OSError("the disk is gone")

    part = await look(broken)
    assert part.status == "down"
    assert "disk" not in (part.detail or "")


def test_an_address_cannot_forge_a_line_of_the_log(capfd: pytest.CaptureFixture[str]) -> None:
    logs.configure("console", "info")
    try:
        structlog.get_logger().info("request", path="/x\nforged\x1b[31m", other="Größe")
    finally:
        structlog.reset_defaults()
    written = capfd.readouterr().err
    assert "\\nforged\\x1b" in written
    assert "Größe" in written
    assert written.count("\n") == 1
