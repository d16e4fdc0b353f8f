"""A turn of the tutor, told as OpenAI's chat completions tell it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from typing import Any

from crescendai.chat.events import Cited, Failed, Token, UsageReported, from_sent
from crescendai.chat.schemas import TurnRequest
from crescendai.chat.turn import Turn
from crescendai.chat.turns import Turns
from crescendai.errors import NotFound, SchemaError, UpstreamFailed
from crescendai.identity.service import Caller
from crescendai.interop.conversations import Conversations, Line
from crescendai.interop.schemas import (
    MODEL,
    Answer,
    Choice,
    Completion,
    CompletionRequest,
    Grounds,
    TokenUsage,
    Topic,
    question,
    talk,
)
from crescendai.kit import sse
from crescendai.kit.clock import now_ms
from crescendai.knowledge.schemas import Citation


@dataclass
class Begun:
    """A turn that was begun for such a client, and what came of it so far."""

    caller: Caller
    turn: Turn
    said: list[Line]
    created: int = field(default_factory=lambda: now_ms() // 1000)
    text: str = ""
    citations: list[Citation] = field(default_factory=list)
    usage: TokenUsage = field(default_factory=TokenUsage)
    failed: Failed | None = None

    @property
    def id(self) -> str:
        return f"chatcmpl-{self.turn.id}"

    @property
    def grounds(self) -> Grounds:
        brief = self.turn.brief
        return Grounds(
            session_id=brief.session_id, message_id=self.turn.id, citations=self.citations
        )


class Completions:
    def __init__(self, *, turns: Turns, conversations: Conversations) -> None:
        self._turns = turns
        self._conversations = conversations

    async def begin(self, caller: Caller, request: CompletionRequest) -> Begun:
        """Begin answering the last message.

        Raises NotFound for a foreign session or recording and for another model, SchemaError when
        the last message is not a question, Conflict while the conversation is being answered.
        """
        if request.model != MODEL:
            raise NotFound("model_missing", f"The only model is {MODEL!r}.")
        asked = question(request.messages)
        if asked is None:
            raise SchemaError(
                "question_missing",
                "The last message must be the user's, with 1 to 8,000 characters of text.",
                "body.messages",
            )
        topic = request.metadata or Topic()
        said = talk(request.messages)
        session_id = topic.session_id
        if session_id is None:
            session_id = await self._conversations.session_of(caller, said[:-1])
        turn = await self._turns.begin(
            caller,
            TurnRequest(message=asked, session_id=session_id, recording_id=topic.recording_id),
        )
        return Begun(caller, turn, said)

    async def whole(self, begun: Begun) -> Completion:
        """The finished answer. Raises UpstreamFailed when the tutor could not give one."""
        async for _ in self._told(begun):
            pass
        if begun.failed is not None:
            raise UpstreamFailed(begun.failed.code, begun.failed.detail)
        return Completion(
            id=begun.id,
            created=begun.created,
            choices=[Choice(message=Answer(content=begun.text))],
            usage=begun.usage,
            crescendai=begun.grounds,
        )

    async def chunks(self, begun: Begun, with_usage: bool) -> AsyncGenerator[bytes, None]:
        """The answer as ``chat.completion.chunk`` events, then ``[DONE]``."""
        yield _chunk(begun, {"role": "assistant", "content": ""})
        async for text in self._told(begun):
            yield _chunk(begun, {"content": text}) if text else sse.PING
        if begun.failed is not None:
            error = {"message": begun.failed.detail, "type": "upstream", "code": begun.failed.code}
            yield sse.encode({"error": error})
        else:
            grounds = begun.grounds.model_dump(mode="json")
            yield _chunk(begun, {}, end="stop", crescendai=grounds)
            if with_usage:
                yield sse.encode(_head(begun) | {"choices": [], "usage": begun.usage.model_dump()})
        yield sse.DONE

    async def _told(self, begun: Begun) -> AsyncGenerator[str, None]:
        """The answer's text as it comes, its sources last; an empty piece says: still here."""
        async for sent in begun.turn.sent():
            if sent is None:
                yield ""
                continue
            match from_sent(sent):
                case Token(text):
                    begun.text += text
                    yield text
                case Cited(citation):
                    begun.citations.append(citation)
                case UsageReported(_, prompt, completion, _):
                    begun.usage = TokenUsage(
                        prompt_tokens=prompt,
                        completion_tokens=completion,
                        total_tokens=prompt + completion,
                    )
                case Failed() as failed:
                    begun.failed = failed
        sources = _sources(begun.citations)
        begun.text += sources
        said = [*begun.said, ("assistant", begun.text.strip())]
        await self._conversations.remember(begun.caller, said, begun.turn.brief.session_id)
        if sources:
            yield sources


def _head(begun: Begun) -> dict[str, Any]:
    return {
        "id": begun.id,
        "object": "chat.completion.chunk",
        "created": begun.created,
        "model": MODEL,
    }


def _chunk(begun: Begun, delta: dict[str, Any], end: str | None = None, **more: Any) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": end}
    return sse.encode(_head(begun) | {"choices": [choice]} | more)


def _sources(citations: Sequence[Citation]) -> str:
    """What ``[1]`` in the text stands for, for a client that shows nothing but text."""
    if not citations:
        return ""
    return "\n\n" + "  \n".join(f"[{cited.id}] {_source(cited)}" for cited in citations)


def _source(cited: Citation) -> str:
    work = f"{cited.author}: {cited.title}" if cited.author else cited.title
    if cited.page is not None:
        return f"{work}, page {cited.page}"
    return f"{work}, “{cited.heading}”" if cited.heading else work
