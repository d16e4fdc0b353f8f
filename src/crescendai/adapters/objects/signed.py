"""Addresses of this server's own for single objects: good for one method, one key, a while."""

from __future__ import annotations

import hmac
from urllib.parse import quote

from crescendai.errors import NotAllowed
from crescendai.kit.clock import now_ms
from crescendai.ports.objects import Method


class AddressSigner:
    """Signs with HMAC-SHA256 under a key made from the server's secret."""

    def __init__(self, secret: bytes) -> None:
        self._key = hmac.digest(secret, b"object addresses", "sha256")

    def sign(self, method: Method, key: str, expires_sec: int) -> str:
        expires_at = now_ms() + expires_sec * 1000
        mac = self._mac(method, key, expires_at)
        return f"/api/objects/{quote(key)}?expires={expires_at}&signature={mac}"

    def check(self, method: str, key: str, expires_at: int, signature: str) -> None:
        """Raises NotAllowed for an address that was not signed here, or has expired."""
        right = hmac.compare_digest(signature.encode(), self._mac(method, key, expires_at).encode())
        if not right or expires_at < now_ms():
            raise NotAllowed(
                "address_not_signed", "This address was not signed here, or its time is over."
            )

    def _mac(self, method: str, key: str, expires_at: int) -> str:
        said = "\n".join((method, key, str(expires_at))).encode()
        return hmac.digest(self._key, said, "sha256").hex()
