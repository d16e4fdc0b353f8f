"""Tokens (JWT) of one outside issuer, such as Supabase: who it vouches for.

A token's header is only asked which of the issuer's keys it means. It cannot choose the algorithm
(that is the key's), nor bring a key of its own: ``jku``, ``jwk`` and ``x5u`` are not looked at.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass
from hashlib import sha256
from typing import cast
from uuid import NAMESPACE_URL, UUID, uuid5

import jwt

from crescendai.errors import NotAuthenticated
from crescendai.identity.keyset import KeySet, SigningKey
from crescendai.ports.issuer import IssuerKeys

LEEWAY_SEC = 10
_MOST_CHARACTERS = 8192
_MOST_SUBJECT_CHARACTERS = 255
_KEPT_TOKENS = 4096


@dataclass(frozen=True)
class Subject:
    """Whom a token speaks for: the issuer's own id where that is a UUID, else one made of it."""

    name: str
    user_id: UUID


@dataclass(frozen=True)
class _Verified:
    """What a token is found to say, for as long as its key is the issuer's and its times hold."""

    subject: Subject
    key_id: str
    key: SigningKey
    from_sec: float
    until_sec: float


class TokenVerifier:
    """Checks the signature of the same token by the same key once: it comes with every request."""

    def __init__(self, *, issuer: str, audience: str, source: IssuerKeys) -> None:
        self._issuer = issuer
        self._audience = audience
        self._keys = KeySet(source)
        self._verified: OrderedDict[bytes, _Verified] = OrderedDict()  # by the token's hash

    async def verify(self, token: str) -> Subject:
        """Raises NotAuthenticated for a token that is not good, Unavailable without keys."""
        hashed = sha256(token.encode(errors="surrogatepass")).digest()
        known = self._verified.get(hashed)
        if known is not None and await self._still_holds(known):
            self._verified.move_to_end(hashed)
            return known.subject
        try:
            header = jwt.get_unverified_header(token) if len(token) <= _MOST_CHARACTERS else {}
        except (jwt.PyJWTError, ValueError, RecursionError) as error:
            raise _refused("it is malformed") from error
        key_id = header.get("kid")
        if not isinstance(key_id, str) or "crit" in header:
            raise _refused("its header names no key, or more than is understood here")
        key = await self._keys.find(key_id)
        if key is None or header.get("alg") != key.algorithm:
            raise _refused("it is not signed with a key of the issuer")
        claims = self._claims(token, key)
        subject = self._subject(claims)
        begins = max(_time(claims, "nbf"), _time(claims, "iat")) - LEEWAY_SEC
        ends = _time(claims, "exp") + LEEWAY_SEC
        self._keep(hashed, _Verified(subject, key_id, key, begins, ends))
        return subject

    def _keep(self, hashed: bytes, verified: _Verified) -> None:
        self._verified[hashed] = verified
        self._verified.move_to_end(hashed)
        if len(self._verified) > _KEPT_TOKENS:
            self._verified.popitem(last=False)

    async def _still_holds(self, known: _Verified) -> bool:
        in_time = known.from_sec <= time.time() < known.until_sec
        return in_time and await self._keys.find(known.key_id) is known.key

    def _claims(self, token: str, key: SigningKey) -> dict[str, object]:
        try:
            claims: dict[str, object] = jwt.decode(
                token,
                key.key,
                algorithms=[key.algorithm],
                issuer=self._issuer,
                audience=self._audience,
                leeway=LEEWAY_SEC,
                options={"require": ["iss", "aud", "exp", "sub"]},
            )
        except jwt.ExpiredSignatureError as error:
            raise NotAuthenticated("token_expired", "This token has expired.") from error
        except (jwt.PyJWTError, ValueError, OverflowError, RecursionError) as error:
            raise _refused(str(error)) from error
        return claims

    def _subject(self, claims: dict[str, object]) -> Subject:
        sub = claims["sub"]
        if not isinstance(sub, str) or not 0 < len(sub) <= _MOST_SUBJECT_CHARACTERS:
            raise _refused("its subject is no name")
        name = f"{self._issuer}#{sub}"
        try:
            return Subject(name, UUID(sub))
        except ValueError:
            return Subject(name, uuid5(NAMESPACE_URL, name))


def _time(claims: dict[str, object], name: str) -> int:
    return int(cast(float, claims.get(name, 0)))


def _refused(why: str) -> NotAuthenticated:
    return NotAuthenticated("token_invalid", f"This token is not accepted: {why}.")
