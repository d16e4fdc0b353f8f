"""Callers: the one local owner, whoever an API key belongs to, or whom an issuer vouches for."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from crescendai.errors import NotAuthenticated, NotFound
from crescendai.identity import repository
from crescendai.identity.caller import Caller
from crescendai.identity.keys import KEY_PREFIX, ApiKeys
from crescendai.identity.schemas import KeyRequest, NewApiKey
from crescendai.identity.scopes import ALL_SCOPES, Scope
from crescendai.identity.tokens import TokenVerifier
from crescendai.kit.clock import now_ms
from crescendai.kit.ids import new_id
from crescendai.kit.sql import Transactions

__all__ = ["LOCAL_OWNER", "Caller", "IdentityService"]

LOCAL_OWNER = "owner"


class IdentityService:
    """``credentials_required`` is False on the loopback-only default, with its one local owner.

    ``tokens`` checks an issuer's tokens; without it API keys are the only credentials.
    """

    def __init__(
        self,
        transactions: Transactions,
        credentials_required: bool,
        tokens: TokenVerifier | None = None,
    ) -> None:
        self._transactions = transactions
        self._credentials_required = credentials_required
        self._tokens = tokens
        self._owner: Caller | None = None
        self.keys = ApiKeys(transactions)

    async def ensure_user(self, name: str = LOCAL_OWNER, user_id: UUID | None = None) -> Caller:
        """The user of that name, made if new (with that id, where it matters)."""
        async with self._transactions.read_briefly() as session:
            found = await repository.user_named(session, name)
        if found is not None:
            return Caller(found)
        made = user_id or new_id()
        try:
            async with self._transactions.write_briefly() as session:
                await repository.add_user(session, id=made, name=name, created_at=now_ms())
        except IntegrityError:  # made by another request in the meantime
            async with self._transactions.read_briefly() as session:
                found = await repository.user_named(session, name)
            if found is None:  # the id is another user's
                raise NotAuthenticated(
                    "subject_taken", "This subject's id belongs to another user of this server."
                ) from None
            return Caller(found)
        return Caller(made)

    async def known_user(self, name: str) -> Caller:
        """Raises NotFound for a name that nobody has."""
        async with self._transactions.read_briefly() as session:
            found = await repository.user_named(session, name)
        if found is None:
            raise NotFound("user_missing", f"There is no user {name!r}.")
        return Caller(found)

    async def create_key(
        self,
        name: str,
        user: str = LOCAL_OWNER,
        scopes: Sequence[Scope] = tuple(ALL_SCOPES),
        expires_in_days: int | None = None,
    ) -> NewApiKey:
        """A key for the user of that name, who is made if new."""
        request = KeyRequest(name=name, scopes=list(scopes), expires_in_days=expires_in_days)
        return await self.keys.create(await self.ensure_user(user), request)

    async def authenticate(self, credential: str | None) -> Caller:
        """Whose key or token this is.

        Where none is due, a word that is neither is taken for none: some clients must send one.
        Raises NotAuthenticated for a wrong one, or none where one is due, and Unavailable when the
        issuer's signing keys cannot be fetched.
        """
        if credential is None and self._credentials_required:
            raise NotAuthenticated(
                "credentials_missing",
                "Send an API key in X-API-Key or as Authorization: Bearer. "
                "`crescendai keys create` makes one.",
            )
        is_key = credential is not None and credential.startswith(KEY_PREFIX)
        if credential is not None and self._tokens is not None and not is_key:
            subject = await self._tokens.verify(credential)
            return await self.ensure_user(subject.name, subject.user_id)
        if credential is not None and (is_key or self._credentials_required):
            return await self.keys.recognise(credential)
        self._owner = self._owner or await self.ensure_user()
        return self._owner
