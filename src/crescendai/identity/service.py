"""Callers: the one local owner, or whoever an API key belongs to."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from uuid import UUID

from crescendai.errors import NotAuthenticated
from crescendai.identity import repository
from crescendai.identity.tables import ApiKeyRow, UserRow
from crescendai.kit.clock import now_ms
from crescendai.kit.ids import new_id
from crescendai.kit.sql import Transactions

LOCAL_OWNER = "owner"
KEY_PREFIX = "cai_"


@dataclass(frozen=True)
class Caller:
    """Whoever makes a request. Everything they make carries ``user_id`` and is theirs alone."""

    user_id: UUID


@dataclass(frozen=True)
class NewKey:
    """A fresh API key; ``key`` is told this once."""

    name: str
    prefix: str
    key: str


class IdentityService:
    """``credentials_required`` is False on the loopback-only default, with its one local owner."""

    def __init__(self, transactions: Transactions, credentials_required: bool) -> None:
        self._transactions = transactions
        self._credentials_required = credentials_required

    async def ensure_user(self, name: str = LOCAL_OWNER) -> Caller:
        """The user of that name, made if new."""
        async with self._transactions.write() as session:
            user = await repository.user_by_name(session, name)
            if user is None:
                user = UserRow(id=new_id(), name=name, created_at=now_ms())
                await repository.add(session, user)
        return Caller(user.id)

    async def create_key(self, name: str, user: str = LOCAL_OWNER) -> NewKey:
        caller = await self.ensure_user(user)
        key = KEY_PREFIX + secrets.token_urlsafe(32)
        prefix = key[: len(KEY_PREFIX) + 4]
        row = ApiKeyRow(
            id=new_id(),
            user_id=caller.user_id,
            name=name,
            prefix=prefix,
            key_hash=_hash(key),
            created_at=now_ms(),
        )
        async with self._transactions.write() as session:
            await repository.add(session, row)
        return NewKey(name, prefix, key)

    async def authenticate(self, api_key: str | None) -> Caller:
        """Whose key this is. Raises NotAuthenticated for a wrong key, or none where one is due."""
        if api_key is not None:
            async with self._transactions.read() as session:
                user_id = await repository.user_id_by_key_hash(session, _hash(api_key))
            if user_id is None:
                raise NotAuthenticated("api_key_unknown", "This API key is not known here.")
            return Caller(user_id)
        if self._credentials_required:
            raise NotAuthenticated(
                "credentials_missing",
                "Send an API key in X-API-Key or as Authorization: Bearer. "
                "`crescendai keys create` makes one.",
            )
        return await self._local_owner()

    async def _local_owner(self) -> Caller:
        async with self._transactions.read() as session:
            user = await repository.user_by_name(session, LOCAL_OWNER)
        return Caller(user.id) if user is not None else await self.ensure_user()


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
