"""The public keys with which an outside issuer signs its tokens."""

from __future__ import annotations

from typing import Any, Protocol


class IssuerKeys(Protocol):
    async def fetch(self) -> dict[str, Any]:
        """The issuer's JSON Web Key Set as it is now.

        Raises Unavailable when it cannot be had within a few seconds or is none.
        """
