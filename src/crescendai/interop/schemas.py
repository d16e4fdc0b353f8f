"""The wire of OpenAI's chat completions, as far as a tutor needs it.

Source: the OpenAI API reference, "Create chat completion" and "The chat completion chunk object".
What a tutor has no use for (sampling, tools, a response format) is taken and ignored.
"""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints

from crescendai.chat.schemas import MAX_MESSAGE_CHARS
from crescendai.knowledge.schemas import Citation

MODEL = "crescendai-tutor"
MAX_MESSAGES = 1000
MAX_CONTENT_CHARS = 200_000

Text = Annotated[str, StringConstraints(max_length=MAX_CONTENT_CHARS)]


class Part(BaseModel):
    """A piece of a message. Only text can be read."""

    type: Literal["text"]
    text: Text


class Message(BaseModel):
    """``content`` of an assistant's message may be absent, where it only called tools."""

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: Text | Annotated[list[Part], Field(max_length=100)] | None = None

    @property
    def text(self) -> str:
        if isinstance(self.content, list):
            return "\n".join(part.text for part in self.content).strip()
        return (self.content or "").strip()


class StreamOptions(BaseModel):
    include_usage: bool = False


class Topic(BaseModel):
    """OpenAI's ``metadata``: what the question is about, and the conversation it belongs to."""

    recording_id: UUID | None = None
    session_id: UUID | None = None


class CompletionRequest(BaseModel):
    model: str = MODEL
    messages: Annotated[list[Message], Field(min_length=1, max_length=MAX_MESSAGES)]
    stream: bool = False
    stream_options: StreamOptions | None = None
    n: Annotated[int, Field(ge=1, le=1)] | None = None
    metadata: Topic | None = None


class Answer(BaseModel):
    role: Literal["assistant"] = "assistant"
    content: str


class Choice(BaseModel):
    index: int = 0
    message: Answer
    finish_reason: Literal["stop"] = "stop"


class TokenUsage(BaseModel):
    prompt_tokens: int = 0
    completion_tokens: int = 0
    total_tokens: int = 0


class Grounds(BaseModel):
    """An extension: where the answer is stored, and the passages that it cites."""

    session_id: UUID
    message_id: UUID
    citations: list[Citation]


class Completion(BaseModel):
    """``created`` is in seconds since the epoch, as this protocol has it."""

    id: str
    object: Literal["chat.completion"] = "chat.completion"
    created: int
    model: str = MODEL
    choices: list[Choice]
    usage: TokenUsage
    crescendai: Grounds


class Model(BaseModel):
    id: str = MODEL
    object: Literal["model"] = "model"
    created: int = 0
    owned_by: str = "crescendai"


class Models(BaseModel):
    object: Literal["list"] = "list"
    data: list[Model]


def question(messages: list[Message]) -> str | None:
    """What is asked now: the last message, if it is the user's and can be one of a turn's."""
    last = messages[-1]
    if last.role != "user" or not 1 <= len(last.text) <= MAX_MESSAGE_CHARS:
        return None
    return last.text


def talk(messages: list[Message]) -> list[tuple[Literal["user", "assistant"], str]]:
    """What was said aloud. Instructions are the tutor's own, and so are its tools."""
    return [
        (message.role, message.text)
        for message in messages
        if message.role in ("user", "assistant") and message.text
    ]
