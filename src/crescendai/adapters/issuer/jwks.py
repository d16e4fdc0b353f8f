"""Fetches a JSON Web Key Set from the one address that the settings name."""

from __future__ import annotations

from typing import Any

import aiohttp
import orjson

from crescendai.errors import Unavailable

_TIMEOUT = aiohttp.ClientTimeout(total=5.0)
_MOST_BYTES = 256 * 1024


class JwksUrl:
    """The IssuerKeys port over HTTP. Redirects are not followed: the address is the trust."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def fetch(self) -> dict[str, Any]:
        try:
            async with (
                aiohttp.ClientSession(timeout=_TIMEOUT) as client,
                client.get(self._url, allow_redirects=False) as answer,
            ):
                if answer.status != 200:
                    raise ValueError(f"the issuer answered {answer.status}")
                body = b""
                async for part in answer.content.iter_any():
                    body += part
                    if len(body) > _MOST_BYTES:
                        raise ValueError("the key set is too large")
            keys = orjson.loads(body)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise Unavailable(
                "issuer_down", "The keys that tokens are checked with cannot be fetched."
            ) from error
        if not isinstance(keys, dict) or not isinstance(keys.get("keys"), list):
            raise Unavailable("issuer_down", "The token issuer's address holds no key set.")
        return keys
