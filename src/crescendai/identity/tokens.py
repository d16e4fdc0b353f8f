"""Tokens (JWT) of one outside issuer, such as Supabase: who it vouches for.

A token's header is only asked which of the issuer's keys it means. It cannot choose the algorithm
(that is the key's), nor bring a key of its own: ``jku``, ``jwk`` and ``x5u`` are not looked at.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import NAMESPACE_URL, UUID, uuid5

import jwt

from crescendai.errors import NotAuthenticated
from crescendai.identity.keyset import KeySet, SigningKey
from crescendai.ports.issuer import IssuerKeys

LEEWAY_SEC = 10
_MOST_CHARACTERS = 8192
_MOST_SUBJECT_CHARACTERS = 255


@dataclass(frozen=True)
class Subject:
    """Whom a token speaks for: the issuer's own id where that is a UUID, else one made of it."""

    name: str
    user_id: UUID


class TokenVerifier:
    def __init__(self, *, issuer: str, audience: str, source: IssuerKeys) -> None:
        self._issuer = issuer
        self._audience = audience
        self._keys = KeySet(source)

    async def verify(self, token: str) -> Subject:
        """Raises NotAuthenticated for a token that is not good, Unavailable without keys."""
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
        return self._subject(self._claims(token, key))

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


def _refused(why: str) -> NotAuthenticated:
    return NotAuthenticated("token_invalid", f"This token is not accepted: {why}.")
