"""Reading an object out of what a model wrote, and asking it once more when there is none."""

from __future__ import annotations

import re
from typing import Any

import orjson

from crescendai.ports.language_model import Check, Message, Schema

_FENCE = re.compile(r"```(?:json)?\s*(.*?)```", re.DOTALL)


def read_object(content: str, check: Check) -> dict[str, Any]:
    """The JSON object in a text, also in a code fence or between words. Raises ValueError."""
    fenced = _FENCE.search(content)
    inner = fenced.group(1) if fenced else content[content.find("{") : content.rfind("}") + 1]
    answer = orjson.loads(inner)
    if not isinstance(answer, dict):
        raise ValueError("The answer is not a JSON object.")
    check(answer)
    return answer


def reprimand(content: str, error: ValueError, schema: Schema) -> list[Message]:
    wanted = orjson.dumps(schema).decode()
    return [
        Message("assistant", content),
        Message(
            "user",
            f"That does not fit: {str(error)[:1000]}. Answer again with nothing but one JSON "
            f"object of this schema: {wanted}",
        ),
    ]
