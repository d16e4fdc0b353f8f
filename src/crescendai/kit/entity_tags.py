"""Entity tags (RFC 9110): the same tag means the same content."""

from __future__ import annotations

import hashlib

from pydantic import BaseModel


def tag_of(content: bytes | BaseModel) -> str:
    """The tag of a body, or of what a model looks like as a body."""
    body = content if isinstance(content, bytes) else content.model_dump_json().encode()
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def matches(wanted: str, tag: str) -> bool:
    """Whether an ``If-Match`` or ``If-None-Match`` field names that tag, or any.

    A compressed answer carries the tag as a weak one, so that is as good.
    """
    named = {one.strip().removeprefix("W/") for one in wanted.split(",")}
    return "*" in named or tag in named
