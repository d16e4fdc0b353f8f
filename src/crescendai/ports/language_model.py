"""The language model behind the tutor: messages and tools in, a stream of typed events out."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeAlias

Role = Literal["system", "user", "assistant", "tool"]
Schema: TypeAlias = dict[str, Any]


@dataclass(frozen=True)
class ToolCall:
    """The model asks for a tool. ``arguments`` is the JSON text exactly as the model wrote it."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True)
class Message:
    """One message of a conversation; ``tool_call_id`` says which call a tool message answers."""

    role: Role
    content: str
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None


@dataclass(frozen=True)
class ToolSpec:
    """What the model is told of a tool; ``parameters`` is a JSON schema of an object."""

    name: str
    description: str
    parameters: Schema


@dataclass(frozen=True)
class TextDelta:
    text: str


@dataclass(frozen=True)
class Usage:
    """``model`` is the one that answered; tokens are estimated where it does not count them."""

    prompt_tokens: int
    completion_tokens: int
    model: str = ""


ModelEvent: TypeAlias = TextDelta | ToolCall | Usage
Check: TypeAlias = Callable[[Schema], object]
"""Raises ValueError, with the reason, for an object that is not as it should be."""
Spent: TypeAlias = Callable[[Usage], None]
"""Is told what a call cost."""


CHARS_A_TOKEN = 4
"""What a token is taken for where nobody counts."""


def estimated_tokens(messages: Sequence[Message]) -> int:
    """What messages come to, tool calls included."""
    said = sum(len(message.content) for message in messages)
    called = sum(len(call.arguments) for message in messages for call in message.tool_calls)
    return (said + called) // CHARS_A_TOKEN


def no_check(_: Schema) -> None:
    return None


class LanguageModel(Protocol):
    """Any failure of the service behind it is an UpstreamFailed (code ``llm_unavailable``)."""

    @property
    def model_id(self) -> str:
        """What is written beside every answer as its author."""

    def stream(
        self, messages: Sequence[Message], tools: Sequence[ToolSpec] = ()
    ) -> AsyncGenerator[ModelEvent, None]:
        """One answer: text as it comes, then each tool call complete, then the usage.

        Closing the generator ends the request.
        """

    async def complete_json(
        self,
        messages: Sequence[Message],
        schema: Schema,
        *,
        check: Check = no_check,
        spent: Spent | None = None,
    ) -> dict[str, Any]:
        """One answer as an object of that JSON schema, which is asked for.

        An object that ``check`` refuses is asked for once more, with the reason.
        """


@dataclass
class ScriptedLanguageModel:
    """Plays prepared answers, one a call, and remembers what it was asked.

    An exception in a script is raised in its place. Running out of script is a test's mistake.
    """

    replies: list[Sequence[ModelEvent | Exception]] = field(default_factory=list)
    json_replies: list[dict[str, Any] | Exception] = field(default_factory=list)
    model_id: str = "scripted"
    json_usage: Usage = Usage(200, 100)
    asked: list[tuple[tuple[Message, ...], tuple[str, ...]]] = field(default_factory=list)

    async def stream(
        self, messages: Sequence[Message], tools: Sequence[ToolSpec] = ()
    ) -> AsyncGenerator[ModelEvent, None]:
        self.asked.append((tuple(messages), tuple(tool.name for tool in tools)))
        for event in self.replies.pop(0):
            if isinstance(event, Exception):
                raise event
            yield event

    async def complete_json(
        self,
        messages: Sequence[Message],
        schema: Schema,
        *,
        check: Check = no_check,
        spent: Spent | None = None,
    ) -> dict[str, Any]:
        self.asked.append((tuple(messages), ()))
        reply = self.json_replies.pop(0)
        if spent is not None:
            spent(self.json_usage)
        if isinstance(reply, Exception):
            raise reply
        return reply
