"""Single byte ranges of the Range header (RFC 9110, section 14)."""

from __future__ import annotations

import re

_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")


def parse_range(header: str | None, size: int) -> tuple[int, int] | None:
    """(start, end) with ``end`` exclusive; None when the whole is to be sent.

    A start at or behind ``size`` gives an empty range (start ≥ end), which is unsatisfiable.
    Malformed headers and several ranges are answered with the whole, as the RFC allows.
    """
    match = _RANGE.fullmatch(header.strip()) if header else None
    if match is None:
        return None
    first, last = match.groups()
    if not first and not last:
        return None
    if not first:
        return max(0, size - int(last)), size if int(last) else 0
    start = int(first)
    end = size if not last else min(int(last) + 1, size)
    if last and int(last) < start:
        return None
    return start, end
