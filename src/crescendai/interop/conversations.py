"""Which stored conversation the messages of a client belong to that sends them all every time.

A conversation is recognised by everything said in it so far. One that is not recognised, because
it began elsewhere or was changed, is stored as it was sent and goes on from there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Literal, TypeAlias
from uuid import UUID

import orjson

from crescendai.chat.brief import Said
from crescendai.chat.service import ChatService
from crescendai.errors import NotFound
from crescendai.identity.service import Caller
from crescendai.ports.cache import Cache

Line: TypeAlias = tuple[Literal["user", "assistant"], str]

REMEMBERED_SEC = 30 * 24 * 3600


class Conversations:
    def __init__(self, *, chat: ChatService, cache: Cache) -> None:
        self._chat = chat
        self._cache = cache

    async def session_of(self, caller: Caller, said: Sequence[Line]) -> UUID | None:
        """The caller's session in which exactly this was said; None when nothing was."""
        if not said:
            return None
        known = await self._cache.get(_key(caller, said))
        if known is not None:
            try:
                session_id = UUID(bytes=known)
                await self._chat.context_in(caller, session_id)
                return session_id
            except NotFound:
                pass  # deleted since
        return await self._chat.adopt(caller, [Said(role, text) for role, text in said])

    async def remember(self, caller: Caller, said: Sequence[Line], session_id: UUID) -> None:
        await self._cache.set(_key(caller, said), session_id.bytes, REMEMBERED_SEC)


def _key(caller: Caller, said: Sequence[Line]) -> str:
    digest = hashlib.sha256(orjson.dumps(said)).hexdigest()
    return f"conversation:{caller.user_id}:{digest}"
