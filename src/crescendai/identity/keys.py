"""API keys: made, listed, revoked, and recognised."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from typing import Literal
from uuid import UUID

from crescendai.errors import NotAllowed, NotAuthenticated, NotFound
from crescendai.identity import repository, scopes
from crescendai.identity.caller import Caller
from crescendai.identity.schemas import ApiKey, KeyRequest, NewApiKey
from crescendai.identity.tables import ApiKeyRow
from crescendai.kit.clock import DAY_MS, now_ms
from crescendai.kit.ids import new_id
from crescendai.kit.sealing import kept_of
from crescendai.kit.sql import Transactions

KEY_PREFIX = "cai_"
_SHOWN_CHARACTERS = 6
_USE_NOTED_EVERY_MS = 60_000


class ApiKeys:
    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    async def create(self, caller: Caller, request: KeyRequest) -> NewApiKey:
        """Raises NotAllowed when the key would be allowed more than its maker."""
        beyond = sorted(set(request.scopes) - caller.scopes)
        if beyond:
            raise NotAllowed(
                "scope_beyond_own", f"You cannot hand out {beyond[0]!r}, which you do not have."
            )
        key = KEY_PREFIX + secrets.token_urlsafe(32)
        now = now_ms()
        life = request.expires_in_days
        row = ApiKeyRow(
            id=new_id(),
            user_id=caller.user_id,
            name=request.name,
            prefix=key[: len(KEY_PREFIX) + _SHOWN_CHARACTERS],
            key_hash=kept_of(key),
            scopes=_text(request.scopes),
            created_at=now,
            expires_at=None if life is None else now + life * DAY_MS,
        )
        async with self._transactions.write() as session:
            await repository.add(session, row)
        return NewApiKey(**_shown(row).model_dump(), key=key)

    async def list(self, caller: Caller) -> list[ApiKey]:
        """All that were ever made, newest first; revoked ones say when."""
        async with self._transactions.read_once() as session:
            rows = await repository.keys_of(session, caller.user_id)
        return [_shown(row) for row in rows]

    async def revoke(self, caller: Caller, key_id: UUID) -> ApiKey:
        """From now on the key opens nothing. Revoking twice changes nothing."""
        async with self._transactions.write() as session:
            row = await repository.owned_key(session, caller.user_id, key_id)
            if row is None:
                raise NotFound("api_key_missing", "There is no such API key.")
            row.revoked_at = row.revoked_at or now_ms()
        return _shown(row)

    async def recognise(self, key: str) -> Caller:
        """Whose key this is. Raises NotAuthenticated for one that is unknown, over or revoked."""
        async with self._transactions.read_briefly() as session:
            row = await repository.key_by_hash(session, kept_of(key))
        if row is None:
            raise NotAuthenticated("api_key_unknown", "This API key is not known here.")
        state = _state(row)
        if state != "active":
            raise NotAuthenticated(f"api_key_{state}", f"This API key is {state}.")
        now = now_ms()
        if row.last_used_at is None or row.last_used_at <= now - _USE_NOTED_EVERY_MS:
            async with self._transactions.write() as session:
                await repository.note_use(session, row.id, now)
        return Caller(row.user_id, scopes.parse(row.scopes.split()))


def _shown(row: ApiKeyRow) -> ApiKey:
    return ApiKey(
        id=row.id,
        name=row.name,
        prefix=row.prefix,
        scopes=sorted(scopes.parse(row.scopes.split())),
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        last_used_at=row.last_used_at,
        state=_state(row),
    )


def _state(row: ApiKeyRow) -> Literal["active", "expired", "revoked"]:
    if row.revoked_at is not None:
        return "revoked"
    return "expired" if row.expires_at is not None and row.expires_at <= now_ms() else "active"


def _text(names: Iterable[str]) -> str:
    return " ".join(sorted(scopes.parse(names)))
