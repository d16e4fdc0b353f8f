"""Turns the events of one turn into the messages that are stored."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from crescendai.chat.events import (
    Cited,
    Sent,
    Token,
    ToolAnswered,
    ToolCalled,
    TurnEvent,
    UsageReported,
    as_sent,
)
from crescendai.chat.schemas import MessageStatus


@dataclass
class NewMessage:
    """A message of the turn, not yet stored. The last one of a turn is its answer."""

    role: Literal["assistant", "tool"]
    content: str = ""
    tool_calls: list[dict[str, Any]] = field(default_factory=list)
    tool_call_id: str | None = None
    summary: str | None = None
    status: MessageStatus = "complete"
    citations: list[dict[str, Any]] = field(default_factory=list)
    supported_ratio: float | None = None
    support: list[dict[str, Any]] | None = None


class Transcript:
    """What was said so far. ``sent`` holds every event as it went out, in order."""

    def __init__(self) -> None:
        self.sent: list[Sent] = []
        self.model: str | None = None
        self._messages: list[NewMessage] = []
        self._answer = NewMessage("assistant")

    def add(self, event: TurnEvent) -> Sent:
        sent = as_sent(event)
        self.sent.append(sent)
        if isinstance(event, Token):  # nearly all of them
            self._after_tools()
            self._answer.content += event.text
            return sent
        match event:
            case Cited(citation):
                self._after_tools()
                self._answer.citations.append(citation.model_dump(mode="json"))
            case ToolCalled(id, name, arguments):
                self._after_tools()
                call = {"id": id, "name": name, "arguments": arguments}
                self._answer.tool_calls.append(call)
            case ToolAnswered(id, _, ok, summary, content):
                self._messages.append(
                    NewMessage(
                        "tool",
                        content,
                        tool_call_id=id,
                        summary=summary,
                        status="complete" if ok else "failed",
                    )
                )
            case UsageReported(model=model):
                self.model = model
                self._after_tools()
                self._answer.supported_ratio = event.supported_ratio
                self._answer.support = sent[1]["support"]
            case _:
                pass
        return sent

    def _after_tools(self) -> None:
        """Begin the next assistant message once every call of the present one is answered."""
        if not self._answer.tool_calls:
            return
        called = [call["id"] for call in self._answer.tool_calls]
        answered = {message.tool_call_id for message in self._messages}
        if all(id in answered for id in called):
            self._close()

    def _close(self) -> None:
        """File the assistant message before the tool messages that answer it."""
        called = {call["id"] for call in self._answer.tool_calls}
        first = next(
            (n for n, m in enumerate(self._messages) if m.tool_call_id in called),
            len(self._messages),
        )
        self._messages.insert(first, self._answer)
        self._answer = NewMessage("assistant")

    def messages(self) -> list[NewMessage]:
        """All of them in order. A call left unanswered is told so, and an answer comes last."""
        answered = {message.tool_call_id for message in self._messages}
        for call in self._answer.tool_calls:
            if call["id"] not in answered:
                note = "The turn ended before this tool answered."
                self._messages.append(
                    NewMessage("tool", note, tool_call_id=call["id"], status="stopped")
                )
        if self._answer.tool_calls:
            self._close()
        return [*self._messages, self._answer]
