"""Reads an event stream as a client does."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Received:
    id: str
    event: str | None
    data: Any


def parse(stream: bytes) -> list[Received]:
    """Every event; ``[DONE]`` has that string as its data. Comments are left out."""
    received = []
    for block in stream.decode().split("\n\n"):
        fields = dict(
            line.split(": ", 1) for line in block.splitlines() if not line.startswith(":")
        )
        if fields:
            raw = fields["data"]
            data = raw if raw == "[DONE]" else json.loads(raw)
            received.append(Received(fields["id"], fields.get("event"), data))
    return received


async def read_all(frames: AsyncIterator[bytes]) -> list[Received]:
    return parse(b"".join([frame async for frame in frames]))


def text_of(received: list[Received]) -> str:
    return "".join(r.data["token"] for r in received if r.event is None and r.data != "[DONE]")


def numbers(received: list[Received]) -> list[int]:
    return [int(r.id.split(":")[1]) for r in received]
