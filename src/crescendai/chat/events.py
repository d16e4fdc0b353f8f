"""What happens in a turn, as typed events, and how each is sent.

    event             sent as                   data
    ────────────────  ────────────────────────  ─────────────────────────────────────────────
    SessionOpened     event: session            session_id, message_id, title
    Token             (unnamed)                 token
    ToolCalled        event: tool_call          id, name, arguments
    ToolAnswered      event: tool_result        id, name, ok, summary
    Cited             event: citation           id, chunk_id, …, quote
    Written           event: feedback           the feedback, as POST /api/feedback gives it
    UsageReported     event: usage              model, prompt_tokens, completion_tokens,
                                                duration_ms, supported_ratio, support
    Failed            event: error              type, title, detail, code

After the last one comes ``data: [DONE]``. Event ids are ``{message_id}:{n}``, n counting from 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias
from uuid import UUID

from crescendai.errors import CrescendError, InvalidInput
from crescendai.evidence.schemas import Support
from crescendai.kit import sse
from crescendai.knowledge.schemas import Citation

Sent: TypeAlias = list[Any]
"""An event as it is stored: [name or None, data], and of a tool's result also its content."""


@dataclass(frozen=True)
class SessionOpened:
    session_id: UUID
    message_id: UUID
    title: str


@dataclass(frozen=True)
class Token:
    text: str


@dataclass(frozen=True)
class ToolCalled:
    id: str
    name: str
    arguments: dict[str, Any]


@dataclass(frozen=True)
class ToolAnswered:
    """``summary`` is for people; ``content`` is what the model read, stored but not sent."""

    id: str
    name: str
    ok: bool
    summary: str
    content: str


@dataclass(frozen=True)
class Cited:
    citation: Citation


@dataclass(frozen=True)
class Written:
    """A document that the answer tells in words."""

    name: Literal["feedback"]
    document: dict[str, Any]


@dataclass(frozen=True)
class UsageReported:
    """Also what the answer's claims rest on, and how many of them held as they were written."""

    model: str
    prompt_tokens: int
    completion_tokens: int
    duration_ms: int
    supported_ratio: float | None = None
    support: tuple[Support, ...] = ()


@dataclass(frozen=True)
class Failed:
    code: str
    title: str
    detail: str

    @classmethod
    def of(cls, error: CrescendError) -> Failed:
        return cls(error.code, error.title, error.message)


TurnEvent: TypeAlias = (
    SessionOpened | Token | ToolCalled | ToolAnswered | Cited | Written | UsageReported | Failed
)


def as_sent(event: TurnEvent) -> Sent:
    if isinstance(event, Token):  # nearly all of them
        return [None, {"token": event.text}]
    match event:
        case SessionOpened(session_id, message_id, title):
            opened = {"session_id": str(session_id), "message_id": str(message_id), "title": title}
            return ["session", opened]
        case ToolCalled(id, name, arguments):
            return ["tool_call", {"id": id, "name": name, "arguments": arguments}]
        case ToolAnswered(id, name, ok, summary, content):
            result = {"id": id, "name": name, "ok": ok, "summary": summary}
            return ["tool_result", result, content]
        case Cited(citation):
            return ["citation", citation.model_dump(mode="json")]
        case Written(name, document):
            return [name, document]
        case UsageReported():
            told = vars(event) | {"support": [_dumped(one) for one in event.support]}
            return ["usage", told]
        case Failed(code, title, detail):
            kind = f"urn:crescendai:problem:{code}"
            return ["error", {"type": kind, "title": title, "detail": detail, "code": code}]


def _dumped(support: Support) -> dict[str, Any]:
    return support.model_dump(mode="json", exclude_none=True)


def from_sent(sent: Sent) -> TurnEvent:
    """The event that was stored so."""
    name, data = sent[0], sent[1]
    match name:
        case None:
            return Token(data["token"])
        case "session":
            ids = UUID(data["session_id"]), UUID(data["message_id"])
            return SessionOpened(*ids, data["title"])
        case "tool_call":
            return ToolCalled(**data)
        case "tool_result":
            return ToolAnswered(**data, content=sent[2] if len(sent) > 2 else data["summary"])
        case "citation":
            return Cited(Citation.model_validate(data))
        case "feedback":
            return Written("feedback", data)
        case "usage":
            support = tuple(Support.model_validate(one) for one in data.get("support", ()))
            return UsageReported(**data | {"support": support})
        case _:
            return Failed(data["code"], data["title"], data["detail"])


def as_bytes(message_id: UUID, number: int, sent: Sequence[Any]) -> bytes:
    return sse.encode(sent[1], event=sent[0], id=f"{message_id}:{number}")


def done(message_id: UUID, number: int) -> bytes:
    return f"id: {message_id}:{number}\n".encode() + sse.DONE


_LAST = 2**31 - 1
"""No answer has as many events; databases take no number much larger."""


def read_event_id(event_id: str) -> tuple[UUID | None, int]:
    """The answer and event number that an event id names; a bare number names no answer.

    Raises InvalidInput for anything else.
    """
    message, _, number = event_id.rpartition(":")
    try:
        return UUID(message) if message else None, min(max(int(number), 0), _LAST)
    except ValueError as error:
        raise InvalidInput(
            "event_id_invalid", "Last-Event-ID is not the id of an event sent by this server."
        ) from error
