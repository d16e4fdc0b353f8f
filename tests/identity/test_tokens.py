"""Tokens of an outside issuer, from a real key server: what opens the door and what does not."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from crescendai.adapters.issuer.jwks import JwksUrl
from crescendai.errors import NotAuthenticated, Unavailable
from crescendai.identity import keyset
from crescendai.identity.tokens import LEEWAY_SEC, TokenVerifier
from tests.fixtures.in_process import in_process
from tests.fixtures.issuer import AUDIENCE, SUBJECT, Issuer, issuing

_NOW = int(time.time())


@pytest.fixture(scope="module")
def shared_issuer() -> Iterator[Issuer]:
    with issuing() as running:
        yield running


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    """One that a test may break or rotate."""
    with issuing() as running:
        yield running


def verifier(issuer: Issuer) -> TokenVerifier:
    return TokenVerifier(issuer=issuer.url, audience=AUDIENCE, source=JwksUrl(issuer.jwks_url))


@pytest.mark.parametrize(("key_id", "algorithm"), [("rsa", "RS256"), ("ec", "ES256")])
async def test_a_good_token_names_its_subject(
    shared_issuer: Issuer, key_id: str, algorithm: str
) -> None:
    subject = await verifier(shared_issuer).verify(shared_issuer.token(key_id, algorithm))
    assert str(subject.user_id) == SUBJECT
    again = await verifier(shared_issuer).verify(
        shared_issuer.token(key_id, algorithm, sub="auth0|somebody")
    )
    assert again.name.endswith("#auth0|somebody")


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": _NOW - 60},
        {"exp": None},
        {"nbf": _NOW + 3600},
        {"iss": "https://elsewhere.example"},
        {"iss": None},
        {"aud": "somebody-else"},
        {"aud": None},
        {"sub": None},
        {"sub": ""},
        {"sub": "x" * 300},
    ],
    ids=[
        "past",
        "endless",
        "early",
        "elsewhere",
        "no issuer",
        "not for us",
        "for nobody",
        "nobody",
        "unnamed",
        "long",
    ],
)
async def test_a_claim_that_is_wrong(shared_issuer: Issuer, claims: dict[str, Any]) -> None:
    token = shared_issuer.token("rsa", "RS256", **claims)
    with pytest.raises(NotAuthenticated):
        await verifier(shared_issuer).verify(token)


async def test_clocks_may_differ_by_a_few_seconds(shared_issuer: Issuer) -> None:
    now = int(time.time())
    await verifier(shared_issuer).verify(shared_issuer.token("ec", "ES256", exp=now - 3))
    await verifier(shared_issuer).verify(shared_issuer.token("ec", "ES256", nbf=now + 3))


async def test_the_header_cannot_choose(shared_issuer: Issuer) -> None:
    """Neither an algorithm other than the key's, nor a key that the token brings itself."""
    own = rsa.generate_private_key(65537, 2048)
    public = shared_issuer.private["rsa"].public_key()
    as_text = public.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    as_jwk = jwt.algorithms.RSAAlgorithm.to_jwk(own.public_key(), as_dict=True)
    forged = {
        "signed by another": shared_issuer.token("rsa", "RS256", key=own),
        "own jwk": shared_issuer.token("rsa", "RS256", key=own, header={"jwk": as_jwk}),
        "own jku": shared_issuer.token(
            "rsa", "RS256", key=own, header={"jku": "http://127.0.0.1:9/keys"}
        ),
        "own x5u": shared_issuer.token(
            "rsa", "RS256", key=own, header={"x5u": "http://127.0.0.1:9/chain"}
        ),
        "another RSA algorithm": shared_issuer.token("rsa", "RS512"),
        "another type of key": shared_issuer.token(
            "rsa", "ES256", key=ec.generate_private_key(ec.SECP256R1())
        ),
        "the public key as a secret": _hmac_token(shared_issuer, as_text),
        "none": jwt.encode(shared_issuer.claims(), "", "none", headers={"kid": "rsa"}),
        "crit": shared_issuer.token("rsa", "RS256", header={"crit": ["b64"], "b64": True}),
        "no kid": jwt.encode(shared_issuer.claims(), shared_issuer.private["rsa"], "RS256"),
        "nothing": "",
        "dots": "..",
        "too long": "a" * 9000,
    }
    before = shared_issuer.fetches
    checking = verifier(shared_issuer)
    for what, token in forged.items():
        with pytest.raises(NotAuthenticated):
            raise AssertionError(f"{what}: {await checking.verify(token)}")
    assert shared_issuer.fetches == before + 1


def _hmac_token(issuer: Issuer, secret: bytes) -> str:
    """The classic confusion, built by hand: PyJWT refuses to sign with such a secret."""
    import base64
    import hashlib
    import hmac
    import json

    def part(value: bytes) -> str:
        return base64.urlsafe_b64encode(value).decode().rstrip("=")

    head = part(json.dumps({"alg": "HS256", "kid": "rsa"}).encode())
    signed = f"{head}.{part(json.dumps(issuer.claims()).encode())}"
    return f"{signed}.{part(hmac.digest(secret, signed.encode(), hashlib.sha256))}"


def test_only_strong_keys_of_the_two_kinds_are_used(issuer: Issuer) -> None:
    issuer.add_rsa("short", 1024)
    issuer.published += [
        {"kty": "oct", "kid": "secret", "k": "c2VjcmV0"},
        issuer.published[0] | {"kid": "other-algorithm", "alg": "HS256"},
        issuer.published[0] | {"kid": "for-encryption", "use": "enc"},
        {"kty": "EC", "crv": "P-256", "kid": "broken", "x": "AA", "y": "AA"},
        {"kty": ["RSA"], "kid": "odd"},
        {"kty": "RSA"},
    ]
    assert set(keyset.usable({"keys": issuer.published})) == {"rsa", "ec"}


async def test_rotation_needs_no_restart_and_unknown_keys_no_flood(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    checking = verifier(issuer)
    await checking.verify(issuer.token("rsa", "RS256"))
    assert issuer.fetches == 1
    stranger = rsa.generate_private_key(65537, 2048)
    for number in range(20):
        with pytest.raises(NotAuthenticated):
            await checking.verify(issuer.token(f"made-up-{number}", "RS256", key=stranger))
    assert issuer.fetches == 1

    monkeypatch.setattr(keyset, "REFETCH_EVERY_SEC", 0.0)
    issuer.published.clear()
    issuer.add_ec("next")
    await checking.verify(issuer.token("next", "ES256"))
    assert issuer.fetches == 2
    with pytest.raises(NotAuthenticated):
        await checking.verify(issuer.token("rsa", "RS256"))


async def test_a_token_is_checked_once_for_as_long_as_its_key_and_its_times_hold(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    checks: list[str] = []
    claims_of = TokenVerifier._claims

    def counted(self: TokenVerifier, token: str, key: keyset.SigningKey) -> dict[str, object]:
        checks.append(token)
        return claims_of(self, token, key)

    monkeypatch.setattr(TokenVerifier, "_claims", counted)
    checking = verifier(issuer)
    lasting = issuer.token("rsa", "RS256", exp=int(time.time()) + 3600)
    assert await checking.verify(lasting) == await checking.verify(lasting)
    assert checks == [lasting]
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 3600 + LEEWAY_SEC - 1)
    await checking.verify(lasting)
    assert checks == [lasting]
    monkeypatch.setattr(time, "time", lambda: now + 3600 + LEEWAY_SEC)
    await checking.verify(lasting)  # the library's clock still lets it in, but it is asked
    assert checks == [lasting, lasting]
    monkeypatch.setattr(time, "time", lambda: now)

    monkeypatch.setattr(keyset, "REFETCH_EVERY_SEC", 0.0)
    monkeypatch.setattr(keyset, "FRESH_SEC", 0.0)
    issuer.published.clear()
    issuer.add_ec("next")
    with pytest.raises(NotAuthenticated):  # its key is the issuer's no more
        await checking.verify(lasting)


async def test_an_issuer_that_is_down_lets_nobody_in(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    issuer.broken = True
    token = issuer.token("rsa", "RS256")
    with pytest.raises(Unavailable):
        await verifier(issuer).verify(token)

    issuer.broken = False
    monkeypatch.setattr(keyset, "REFETCH_EVERY_SEC", 0.0)
    monkeypatch.setattr(keyset, "FRESH_SEC", 0.0)
    checking = verifier(issuer)
    await checking.verify(token)
    issuer.broken = True
    await checking.verify(token)  # kept a while over an outage
    monkeypatch.setattr(keyset, "KEPT_SEC", 0.0)
    with pytest.raises(Unavailable):
        await checking.verify(token)


async def test_over_http_a_token_is_a_user_of_its_own(tmp_path: Path, issuer: Issuer) -> None:
    async with in_process(tmp_path / "data", auth="required", jwt_issuer=issuer.url) as client:
        one = {"authorization": f"Bearer {issuer.token('ec', 'ES256')}"}
        other = {"authorization": f"Bearer {issuer.token('rsa', 'RS256', sub='owner')}"}
        put = await client.put("/api/context", json={"goals": ["sight-reading"]}, headers=one)
        assert put.status_code == 200, put.text
        assert (await client.get("/api/context", headers=one)).json() == put.json()
        assert (await client.get("/api/context", headers=other)).json()["goals"] == []
        late = {"authorization": f"Bearer {issuer.token('ec', 'ES256', exp=_NOW - 60)}"}
        answer = await client.get("/api/context", headers=late)
        assert answer.status_code == 401
        assert answer.json()["type"] == "urn:crescendai:problem:token_expired"
        assert answer.headers["www-authenticate"] == "Bearer"
