"""API keys: scopes, ends, revocation, what is kept of them, over HTTP and the command line."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text

from crescendai.identity import keys as keys_module
from crescendai.identity.service import IdentityService
from crescendai.kit.sql import Transactions
from tests.fixtures.command_line import command
from tests.fixtures.in_process import in_process
from tests.test_cli import assert_one_sentence


@pytest.fixture
async def client(
    tmp_path: Path, engine_settings: dict[str, str]
) -> AsyncIterator[httpx.AsyncClient]:
    async with in_process(tmp_path / "data", auth="required", **engine_settings) as opened:
        identity: IdentityService = opened._transport.app.state.identity  # type: ignore[attr-defined]
        opened.headers["x-api-key"] = (await identity.create_key("first")).key
        yield opened


async def test_a_key_is_shown_once_and_opens_until_revoked(client: httpx.AsyncClient) -> None:
    made = await client.post("/api/keys", json={"name": "phone", "scopes": ["read"]})
    assert made.status_code == 201
    key = made.json()["key"]
    assert key.startswith(made.json()["prefix"])
    listed = (await client.get("/api/keys")).json()["items"]
    assert [k["name"] for k in listed] == ["phone", "first"]
    assert key not in json.dumps(listed)
    assert listed[0]["state"] == "active"
    assert listed[0]["last_used_at"] is None
    assert listed[1]["last_used_at"] is not None

    phone = {"x-api-key": key}
    assert (await client.get("/api/recordings", headers=phone)).status_code == 200
    address = f"/api/keys/{made.json()['id']}"
    assert (await client.delete(address)).status_code == 204
    assert (await client.delete(address)).status_code == 204
    refused = await client.get("/api/recordings", headers=phone)
    assert refused.status_code == 401
    assert refused.json()["type"] == "urn:crescendai:problem:api_key_revoked"
    assert (await client.get("/api/keys")).json()["items"][0]["state"] == "revoked"


async def test_a_key_cannot_make_one_that_may_more(client: httpx.AsyncClient) -> None:
    body = {"name": "clerk", "scopes": ["admin", "read"]}
    clerk = {"x-api-key": (await client.post("/api/keys", json=body)).json()["key"]}
    answer = await client.post(
        "/api/keys", json={"name": "more", "scopes": ["write"]}, headers=clerk
    )
    assert answer.status_code == 403
    assert answer.json()["type"] == "urn:crescendai:problem:scope_beyond_own"
    assert (await client.post("/api/keys", json=body, headers=clerk)).status_code == 201


@pytest.mark.parametrize(
    "body",
    [{}, {"name": ""}, {"name": "a", "scopes": []}, {"name": "a", "scopes": ["root"]},
     {"name": "a", "expires_in_days": 0}, {"name": "a", "expires_in_days": 9999}],
    ids=str,
)  # fmt: skip
async def test_a_wrong_wish(client: httpx.AsyncClient, body: dict[str, object]) -> None:
    assert (await client.post("/api/keys", json=body)).status_code == 422


async def test_a_key_ends(client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    made = (await client.post("/api/keys", json={"name": "trial", "expires_in_days": 1})).json()
    assert made["expires_at"] - made["created_at"] == 86_400_000
    monkeypatch.setattr(keys_module, "now_ms", lambda: made["expires_at"])
    answer = await client.get("/api/recordings", headers={"x-api-key": made["key"]})
    assert answer.status_code == 401
    assert answer.json()["type"] == "urn:crescendai:problem:api_key_expired"


async def test_only_a_hash_is_kept_and_the_use_noted_once_a_minute(
    transactions: Transactions, monkeypatch: pytest.MonkeyPatch
) -> None:
    identity = IdentityService(transactions, credentials_required=True)
    made = await identity.create_key("any")

    async def row() -> dict[str, object]:
        async with transactions.read() as session:
            return dict((await session.execute(text("SELECT * FROM api_keys"))).mappings().one())

    assert made.key not in str(await row())
    clock = iter([1_000, 30_000, 61_000])
    seen = []
    for at in clock:
        monkeypatch.setattr(keys_module, "now_ms", lambda at=at: at)
        await identity.authenticate(made.key)
        seen.append((await row())["last_used_at"])
    assert seen == [1_000, 1_000, 61_000]


def test_keys_by_the_command_line(tmp_path: Path) -> None:
    made = command(
        tmp_path, "keys", "create", "--name", "tablet", "--scope", "read", "--scope", "library",
        "--expires-in-days", "7", "--json",
    )  # fmt: skip
    key = json.loads(made.stdout)
    assert key["scopes"] == ["library", "read"]
    listed = command(tmp_path, "keys", "list")
    assert key["key"] not in listed.stdout
    assert "tablet" in listed.stdout
    revoked = command(tmp_path, "keys", "revoke", key["prefix"])
    assert revoked.returncode == 0
    assert (
        json.loads(command(tmp_path, "keys", "list", "--json").stdout)["items"][0]["state"]
        == "revoked"
    )
    wrong = command(tmp_path, "keys", "create", "--scope", "root")
    assert_one_sentence(wrong, "'root' is not a scope")
    assert_one_sentence(command(tmp_path, "keys", "list", "--user", "nobody"), "no user")
    assert_one_sentence(command(tmp_path, "keys", "revoke", "cai_none"), "no API key")
