"""What is kept of secrets, and short texts that must come back from a client as they were."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

from crescendai.errors import InvalidInput

_MAC_BYTES = 16


def kept_of(secret: str) -> str:
    """What is stored of a random secret that was given out: it is known again by this, not told."""
    return hashlib.sha256(secret.encode()).hexdigest()


class Seal:
    """Seals texts with HMAC-SHA256 under a key of its own, made from the server's secret."""

    def __init__(self, secret: bytes, purpose: str) -> None:
        self._key = hmac.digest(secret, purpose.encode(), "sha256")

    def close(self, text: str, *bound: str) -> str:
        """The sealed text; it opens only together with the same ``bound`` words."""
        raw = text.encode()
        return base64.urlsafe_b64encode(self._mac(raw, bound) + raw).decode().rstrip("=")

    def open(self, sealed: str, *bound: str) -> str:
        """Raises InvalidInput for anything that was not sealed here with these words."""
        try:
            whole = base64.b64decode(sealed + "=" * (-len(sealed) % 4), b"-_", validate=True)
        except (ValueError, binascii.Error):
            whole = b""
        mac, raw = whole[:_MAC_BYTES], whole[_MAC_BYTES:]
        if not hmac.compare_digest(mac, self._mac(raw, bound)):
            raise InvalidInput(
                "cursor_invalid",
                "The cursor is not one that this server gave out for this list; "
                "start again without it.",
            )
        return raw.decode()

    def _mac(self, raw: bytes, bound: tuple[str, ...]) -> bytes:
        said = b"\0".join([*(word.encode() for word in bound), raw])
        return hmac.digest(self._key, said, hashlib.sha256)[:_MAC_BYTES]
