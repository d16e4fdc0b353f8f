"""The wire: what the chat endpoints take and send."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints

from crescendai.evidence.schemas import Support
from crescendai.kit.prose import Language
from crescendai.knowledge.schemas import Citation

MAX_MESSAGE_CHARS = 8000

Message = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_MESSAGE_CHARS)
]
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]
Lines = Annotated[list[Line], Field(max_length=30)]
Level = Literal["beginner", "intermediate", "advanced"]
Style = Literal["gentle", "direct", "detailed"]
MessageStatus = Literal["complete", "stopped", "failed"]


class TurnRequest(BaseModel):
    """One turn. Without ``session_id`` a new session begins; ``recording_id`` is its topic.

    ``language`` is the one to answer in; without it, the context's, or else the question's.
    """

    message: Message
    session_id: UUID | None = None
    recording_id: UUID | None = None
    language: Language | None = None


class EditRequest(BaseModel):
    """What the last question of a session should have been."""

    message: Message


class CalledTool(BaseModel):
    id: str
    name: str
    arguments: dict[str, Any]


class ChatMessage(BaseModel):
    """``summary`` says what a tool found; ``status`` is failed for a tool that could not answer.

    ``made_with`` names the versions an answer came from: ``model``, ``prompt`` and ``library``.
    ``support`` is what an answer's claims rest on, ``supported_ratio`` the share of its claims that
    held as they were first written (what did not was repaired, or left out).
    """

    message_id: UUID
    role: Literal["user", "assistant", "tool"]
    content: str
    tool_calls: list[CalledTool]
    tool_call_id: str | None
    summary: str | None
    citations: list[Citation]
    model: str | None
    made_with: dict[str, str] | None = None
    support: list[Support] = []
    supported_ratio: float | None = None
    status: MessageStatus
    created_at: int


class ChatSession(BaseModel):
    """``message_count`` counts what people wrote and read: user and assistant messages."""

    session_id: UUID
    title: str
    recording_id: UUID | None
    message_count: int
    created_at: int
    updated_at: int


class ChatSessionDetail(ChatSession):
    messages: list[ChatMessage]


class ChatSessionPage(BaseModel):
    items: list[ChatSession]
    next_cursor: str | None


class ContextUpdate(BaseModel):
    """Replaces the whole context; what is left out becomes empty.

    ``language`` is the one to be answered in; without it, that of each question.
    """

    goals: Lines = []
    constraints: Lines = []
    repertoire: Lines = []
    experience_level: Level | None = None
    feedback_style: Style | None = None
    language: Language | None = None


class UserContext(BaseModel):
    """``updated_at`` is null as long as nothing was ever saved."""

    goals: list[str] = []
    constraints: list[str] = []
    repertoire: list[str] = []
    experience_level: Level | None = None
    feedback_style: Style | None = None
    language: Language | None = None
    updated_at: int | None = None
