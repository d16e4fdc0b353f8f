"""The headers that tell a browser what our answers may do."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

NOTHING = "default-src 'none'; frame-ancestors 'none'"
"""For everything that is no page."""
REFERENCE = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
_META = re.compile(r'<meta http-equiv="content-security-policy" content="([^"]+)"', re.I)

HEADERS = {
    "Content-Security-Policy": NOTHING,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), payment=(), usb=(), microphone=(self)",
}
HTTPS = {"Strict-Transport-Security": "max-age=31536000"}


def of_page(page: Path) -> str:
    """The built page's own policy, which knows the hash of its inline script, and no framing."""
    found = _META.search(page.read_text()) if page.is_file() else None
    return f"{unescape(found[1])}; frame-ancestors 'none'" if found else NOTHING
