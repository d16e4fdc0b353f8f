"""The OpenAI chat protocol as bytes: requests to JSON, and a streamed answer to events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from crescendai.ports.language_model import (
    CHARS_A_TOKEN,
    Message,
    ModelEvent,
    Schema,
    ToolCall,
    ToolSpec,
    Usage,
)

_LONGEST_LINE = 4 * 1024 * 1024


class BrokenAnswer(Exception):
    """What the upstream sent is no answer. ``status`` is the one it should have come with."""

    def __init__(self, cause: str, status: int = 502) -> None:
        super().__init__(cause)
        self.status = status


@dataclass
class AnswerReader:
    """Reads a streamed answer from bytes as they come, however they are cut.

    Text that came in one piece is one TextDelta, so a reader that is behind has less to do.
    ``said`` counts the characters of text and of tool calls so far.
    """

    said: int = 0
    finished: bool = False
    usage: Usage | None = None
    model: str = ""
    _rest: bytes = b""
    _calls: dict[int, _CallParts] = field(default_factory=dict)

    def feed(self, raw: bytes) -> str:
        """The text in these bytes, together with what was left of the last ones.

        Raises BrokenAnswer for an error in the stream, or for what is no event stream.
        """
        lines = (self._rest + raw if self._rest else raw).split(b"\n")
        self._rest = lines.pop()
        if len(self._rest) > _LONGEST_LINE:
            raise BrokenAnswer("a line without an end")
        text = ""
        for line in lines:
            if line.startswith(b"data:"):
                payload = line[5:].strip()
                if payload == b"[DONE]":
                    self.finished = True
                elif payload:
                    text += self._read(payload)
        self.said += len(text)
        return text

    def calls(self) -> list[ToolCall]:
        return [self._calls[index].whole(index) for index in sorted(self._calls)]

    def _read(self, payload: bytes) -> str:
        try:
            chunk = orjson.loads(payload)
            choices = chunk.get("choices")
            if choices:
                return self._choice(choices[0])
            self._aside(chunk)
        except (ValueError, AttributeError, TypeError, KeyError) as error:
            raise BrokenAnswer(f"an unreadable chunk ({type(error).__name__})") from error
        return ""

    def _choice(self, choice: dict[str, Any]) -> str:
        delta = choice.get("delta") or {}
        for number, part in enumerate(delta.get("tool_calls") or ()):
            index = part.get("index")
            parts = self._calls.setdefault(number if index is None else index, _CallParts())
            self.said += parts.add(part)
        if choice.get("finish_reason"):
            self.finished = True
        text = delta.get("content")
        return text if isinstance(text, str) else ""

    def _aside(self, chunk: dict[str, Any]) -> None:
        """What comes without a choice: the count of tokens, or an error."""
        if chunk.get("error"):
            raise error_of(chunk)
        if isinstance(chunk.get("model"), str):
            self.model = chunk["model"]
        self.usage = usage_of(chunk) or self.usage


@dataclass
class _CallParts:
    """A tool call that arrives in pieces: id and name once, arguments a few characters a time."""

    id: str = ""
    name: str = ""
    arguments: str = ""

    def add(self, part: dict[str, Any]) -> int:
        function = part.get("function") or {}
        self.id = part.get("id") or self.id
        self.name = self.name or function.get("name") or ""  # some servers repeat it
        piece = function.get("arguments") or ""
        self.arguments += piece
        return len(piece)

    def whole(self, index: int) -> ToolCall:
        return ToolCall(self.id or f"call_{index}", self.name, self.arguments)


def error_of(body: dict[str, Any]) -> BrokenAnswer:
    """The error that a body tells, whatever the status it came with."""
    error = body["error"]
    code = error.get("code") if isinstance(error, dict) else None
    return BrokenAnswer("an error in the answer", code if isinstance(code, int) else 502)


def usage_of(body: dict[str, Any]) -> Usage | None:
    counted = body.get("usage")
    if not counted:
        return None
    return Usage(int(counted["prompt_tokens"]), int(counted.get("completion_tokens") or 0))


def estimated_usage(request: dict[str, Any], said: int) -> Usage:
    asked = sum(len(message.get("content") or "") for message in request["messages"])
    return Usage(asked // CHARS_A_TOKEN, -(-said // CHARS_A_TOKEN))


def events_at_end(reader: AnswerReader, request: dict[str, Any], model: str) -> list[ModelEvent]:
    usage = reader.usage or estimated_usage(request, reader.said)
    return [*reader.calls(), Usage(usage.prompt_tokens, usage.completion_tokens, model)]


def request_body(
    model: str,
    messages: Sequence[Message],
    limit: dict[str, int],
    tools: Sequence[ToolSpec] = (),
) -> dict[str, Any]:
    body: dict[str, Any] = {
        "model": model,
        "messages": [_message(message) for message in messages],
        **limit,
    }
    if tools:
        body["tools"] = [_tool(tool) for tool in tools]
    return body


def streamed(body: dict[str, Any]) -> dict[str, Any]:
    return body | {"stream": True, "stream_options": {"include_usage": True}}


def with_schema(body: dict[str, Any], schema: Schema) -> dict[str, Any]:
    form = {"name": "answer", "schema": schema, "strict": True}
    return body | {"response_format": {"type": "json_schema", "json_schema": form}}


def text_of(body: dict[str, Any]) -> str:
    """The text of an answer in one piece. Raises BrokenAnswer when there is none."""
    if body.get("error"):
        raise error_of(body)
    try:
        content = body["choices"][0]["message"]["content"]
    except (KeyError, IndexError, TypeError) as error:
        raise BrokenAnswer("an answer without a message") from error
    return content if isinstance(content, str) else ""


def _message(message: Message) -> dict[str, Any]:
    wire: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.tool_call_id is not None:
        wire["tool_call_id"] = message.tool_call_id
    if message.tool_calls:
        wire["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": call.arguments},
            }
            for call in message.tool_calls
        ]
    return wire


def _tool(tool: ToolSpec) -> dict[str, Any]:
    return {
        "type": "function",
        "function": {
            "name": tool.name,
            "description": tool.description,
            "parameters": tool.parameters,
        },
    }
