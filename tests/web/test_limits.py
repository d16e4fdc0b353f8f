"""So many calls a minute, as callers see it."""

from __future__ import annotations

from pathlib import Path

import pytest

from crescendai.identity.service import IdentityService
from crescendai.settings import Settings
from crescendai.web.limits import network
from tests.fixtures.in_process import in_process


def test_the_contracts_figure_is_the_default() -> None:
    assert Settings.model_fields["rate_limit_per_minute"].default == 100


async def test_the_call_beyond_the_limit_has_to_wait(tmp_path: Path) -> None:
    async with in_process(tmp_path / "data", rate_limit_per_minute=5) as client:
        for left in (4, 3, 2, 1, 0):
            answer = await client.get("/api/recordings")
            assert answer.status_code == 200
            assert answer.headers["ratelimit-policy"] == '"calls";q=5;w=60'
            assert answer.headers["ratelimit"].startswith(f'"calls";r={left};t=')
        refused = await client.get("/api/nothing")
        assert refused.status_code == 429
        assert refused.headers["content-type"] == "application/problem+json"
        assert refused.json()["type"] == "urn:crescendai:problem:rate_limited"
        assert refused.json()["request_id"] == refused.headers["x-request-id"]
        assert 0 < int(refused.headers["retry-after"]) <= 60
        for free in ("/api/health", "/", "/docs", "/metrics"):
            answer = await client.get(free)
            assert answer.status_code == 200
            assert "ratelimit" not in answer.headers


async def test_keys_of_a_user_count_together_and_users_apart(tmp_path: Path) -> None:
    settings = {"auth": "required", "rate_limit_per_minute": 2}
    async with in_process(tmp_path / "data", **settings) as client:
        identity: IdentityService = client._transport.app.state.identity  # type: ignore[attr-defined]
        keys = [(await identity.create_key("k", user)).key for user in ("one", "one", "other")]
        statuses = [
            (await client.get("/api/context", headers={"x-api-key": key})).status_code
            for key in (keys[0], keys[1], keys[0], keys[1], keys[2])
        ]
        assert statuses == [200, 200, 429, 429, 200]
        guesses = [
            (await client.get("/api/context", headers={"x-api-key": f"cai_{n}"})).status_code
            for n in range(4)
        ]
        assert guesses == [401, 401, 429, 429]  # by address: keys cannot be guessed at leisure


@pytest.mark.parametrize(
    ("address", "counted_as"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"),
        ("testclient", "testclient"),
    ],
)
def test_an_ipv6_customer_is_one_address(address: str, counted_as: str) -> None:
    assert network(address) == counted_as
