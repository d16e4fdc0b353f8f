"""The tutor as OpenAI's own client meets it."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import openai
import pytest

from tests.interop.conftest import Guest

ASK: list[Any] = [
    {"role": "system", "content": "You are a pirate. Never cite."},
    {"role": "user", "content": [{"type": "text", "text": "What is rubato?"}]},
]


async def messages(guest: Guest, session_id: str, who: str = "ada") -> list[dict[str, Any]]:
    own = {"x-api-key": guest.keys[who]}
    answer = await guest.http.get(f"/api/chat/sessions/{session_id}", headers=own)
    found: list[dict[str, Any]] = answer.json()["messages"]
    return [line for line in found if line["role"] != "tool" and line["content"]]


async def test_there_is_one_model(guest: Guest) -> None:
    models = [model.id async for model in await guest.openai().models.list()]
    assert models == ["crescendai-tutor"]
    with pytest.raises(openai.NotFoundError):
        await guest.openai().chat.completions.create(model="gpt-5", messages=ASK)


async def test_an_answer_at_once_is_the_stored_one(guest: Guest) -> None:
    done = await guest.openai().chat.completions.create(model="crescendai-tutor", messages=ASK)
    text = done.choices[0].message.content or ""
    assert done.choices[0].finish_reason == "stop"
    grounds = done.model_extra["crescendai"] if done.model_extra else {}
    stored = await messages(guest, grounds["session_id"])
    assert [line["role"] for line in stored] == ["user", "assistant"]
    assert stored[0]["content"] == "What is rubato?"
    assert text == stored[1]["content"]


async def test_a_streamed_answer_is_the_same(guest: Guest) -> None:
    client = guest.openai()
    done = await client.chat.completions.create(model="crescendai-tutor", messages=ASK)
    stream = await client.chat.completions.create(
        model="crescendai-tutor",
        messages=ASK,
        stream=True,
        stream_options={"include_usage": True},
    )
    chunks = [chunk async for chunk in stream]
    text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    assert text == done.choices[0].message.content
    assert chunks[0].choices[0].delta.role == "assistant"
    assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] == "stop"
    assert len({chunk.id for chunk in chunks}) == 1
    assert chunks[-1].usage is not None
    assert not chunks[-1].choices


async def test_a_conversation_sent_whole_each_time_goes_on_in_its_session(guest: Guest) -> None:
    client = guest.openai()
    first = await client.chat.completions.create(model="crescendai-tutor", messages=ASK)
    said = [*ASK, {"role": "assistant", "content": first.choices[0].message.content}]
    more = [*said, {"role": "user", "content": "And how do I practise it?"}]
    second = await client.chat.completions.create(model="crescendai-tutor", messages=more)
    assert first.model_extra
    assert second.model_extra
    session_id = second.model_extra["crescendai"]["session_id"]
    assert session_id == first.model_extra["crescendai"]["session_id"]
    assert len(await messages(guest, session_id)) == 4

    # somebody else who says the very same has a conversation of their own
    stranger = await guest.openai("ben").chat.completions.create(
        model="crescendai-tutor", messages=more
    )
    assert stranger.model_extra
    other = stranger.model_extra["crescendai"]["session_id"]
    assert other != session_id
    roles = [line["role"] for line in await messages(guest, other, "ben")]
    assert roles == ["user", "assistant"] * 2


async def test_a_conversation_whose_session_was_deleted_is_stored_anew(guest: Guest) -> None:
    client = guest.openai()
    first = await client.chat.completions.create(model="crescendai-tutor", messages=ASK)
    assert first.model_extra
    gone = first.model_extra["crescendai"]["session_id"]
    own = {"x-api-key": guest.keys["ada"]}
    assert (await guest.http.delete(f"/api/chat/sessions/{gone}", headers=own)).status_code == 204
    said = [*ASK, {"role": "assistant", "content": first.choices[0].message.content}]
    more = [*said, {"role": "user", "content": "And how do I practise it?"}]
    second = await client.chat.completions.create(model="crescendai-tutor", messages=more)
    assert second.model_extra
    anew = second.model_extra["crescendai"]["session_id"]
    assert anew != gone
    assert len(await messages(guest, anew)) == 4


async def test_what_cannot_be_answered_is_refused(guest: Guest) -> None:
    client = guest.openai()
    last_is_not_a_question: list[Any] = [{"role": "assistant", "content": "Well?"}]
    an_image: list[Any] = [
        {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}
    ]
    for unfit in (last_is_not_a_question, an_image, []):
        with pytest.raises(openai.UnprocessableEntityError):
            await client.chat.completions.create(model="crescendai-tutor", messages=unfit)
    with pytest.raises(openai.NotFoundError):
        await client.chat.completions.create(
            model="crescendai-tutor", messages=ASK, metadata={"recording_id": str(uuid4())}
        )
    with pytest.raises(openai.PermissionDeniedError):
        await guest.openai("reader").chat.completions.create(model="crescendai-tutor", messages=ASK)
