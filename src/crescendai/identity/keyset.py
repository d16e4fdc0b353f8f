"""An issuer's signing keys, kept for a while and fetched anew when it rotates them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from jwt import PyJWK
from jwt.exceptions import PyJWTError

from crescendai.errors import Unavailable
from crescendai.kit.logs import named
from crescendai.ports.issuer import IssuerKeys

FRESH_SEC = 300.0
KEPT_SEC = 900.0
REFETCH_EVERY_SEC = 10.0
_LEAST_RSA_BITS = 2048

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class SigningKey:
    """A public key and the one algorithm that goes with its type."""

    algorithm: str
    key: Any


class KeySet:
    """Keys by their id. After FRESH_SEC they are fetched again at the next use.

    When that fails they still serve until KEPT_SEC, then nobody is let in. An id that is not among
    them causes one fetch, at most every REFETCH_EVERY_SEC, so that made-up ids cannot be used to
    flood the issuer.
    """

    def __init__(self, source: IssuerKeys) -> None:
        self._source = source
        self._keys: Mapping[str, SigningKey] = {}
        self._fetched_at = float("-inf")
        self._tried_at = float("-inf")
        self._fetching = asyncio.Lock()

    async def find(self, key_id: str) -> SigningKey | None:
        """Raises Unavailable when there is no key set that may still be trusted."""
        if key_id not in self._keys or self._age() > FRESH_SEC:
            await self._refresh(key_id)
        if self._age() > KEPT_SEC:
            raise Unavailable("issuer_down", "The token issuer's keys cannot be fetched now.")
        return self._keys.get(key_id)

    def _age(self) -> float:
        return time.monotonic() - self._fetched_at

    async def _refresh(self, key_id: str) -> None:
        async with self._fetching:
            if key_id in self._keys and self._age() <= FRESH_SEC:
                return  # another request has just fetched them
            if time.monotonic() - self._tried_at < REFETCH_EVERY_SEC:
                return
            self._tried_at = time.monotonic()
            try:
                self._keys = usable(await self._source.fetch())
            except Unavailable as error:
                log.warning("issuer.keys_not_fetched", cause=named(error.__cause__ or error))
            else:
                self._fetched_at = time.monotonic()


def usable(document: Mapping[str, Any]) -> dict[str, SigningKey]:
    """The keys of a set that may check signatures: RSA for RS256, P-256 for ES256, no other."""
    found: dict[str, SigningKey] = {}
    for entry in document["keys"]:
        if not isinstance(entry, dict) or not isinstance(entry.get("kid"), str):
            continue
        algorithm = _algorithm(entry)
        if algorithm is None:
            continue
        try:
            key = PyJWK.from_dict(entry, algorithm).key
        except PyJWTError:
            continue
        if algorithm == "ES256" or key.key_size >= _LEAST_RSA_BITS:
            found[entry["kid"]] = SigningKey(algorithm, key)
    return found


def _algorithm(entry: Mapping[str, Any]) -> str | None:
    """What a key's type says, and only if what the key says of itself agrees."""
    algorithm = None
    if entry.get("kty") == "RSA":
        algorithm = "RS256"
    elif entry.get("kty") == "EC" and entry.get("crv") == "P-256":
        algorithm = "ES256"
    if entry.get("alg", algorithm) != algorithm or entry.get("use", "sig") != "sig":
        return None
    return algorithm
