"""Claims a key before a write and keeps its answer, over all processes and restarts."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from crescendai.errors import Conflict, SchemaError
from crescendai.identity.service import Caller
from crescendai.kit.clock import DAY_MS, now_ms
from crescendai.kit.ids import new_id
from crescendai.kit.sql import Transactions
from crescendai.repeats import repository
from crescendai.repeats.tables import RepeatRow

KEPT_MS = DAY_MS
LEASE_MS = 60_000
"""A process that has not moved its claim on for so long is dead; the key is free again."""


@dataclass(frozen=True)
class Outcome:
    """What a request came to. ``location`` is where a stream can be read again.

    ``withheld`` is an answer that must not be kept, because it shows a secret once.
    """

    status: int
    content_type: str | None = None
    body: bytes = b""
    location: str | None = None
    withheld: bool = False


@dataclass(frozen=True)
class Kept:
    """The outcome of the first request; ``fingerprint`` is of that one's body."""

    outcome: Outcome
    fingerprint: str


class RepeatService:
    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    async def claim(self, caller: Caller, key: str, request: str) -> UUID | Kept:
        """A claim on a key that is free, or what its request came to.

        Raises Conflict while that is still running, SchemaError when the key was another
        address's.
        """
        now = now_ms()
        claim = new_id()
        try:
            async with self._transactions.write() as session:
                await repository.forget_old(session, now)
                row = await repository.find(session, caller.user_id, key)
                if row is None:
                    await repository.add(session, _claimed(caller, key, request, claim, now))
                    return claim
        except IntegrityError:  # claimed by another process at the same moment
            raise _running() from None
        if row.request != request:
            raise used_otherwise()
        if row.state == "running":
            raise _running()
        return Kept(_outcome(row), row.fingerprint or "")

    async def renew(self, claim: UUID) -> None:
        async with self._transactions.write() as session:
            await repository.change(session, claim, until=now_ms() + LEASE_MS)

    async def keep(self, claim: UUID, fingerprint: str, outcome: Outcome) -> None:
        async with self._transactions.write() as session:
            await repository.change(
                session,
                claim,
                state="withheld" if outcome.withheld else "kept",
                fingerprint=fingerprint,
                status=outcome.status,
                content_type=outcome.content_type,
                location=outcome.location,
                body=None if outcome.withheld else outcome.body,
                until=now_ms() + KEPT_MS,
            )

    async def release(self, claim: UUID) -> None:
        """The request was refused or failed: its key may be used again."""
        async with self._transactions.write() as session:
            await repository.forget(session, claim)


def used_otherwise() -> SchemaError:
    return SchemaError(
        "idempotency_key_reused",
        "This Idempotency-Key was used for another request; choose a new one for a new request.",
        "header.Idempotency-Key",
    )


def _running() -> Conflict:
    return Conflict(
        "idempotency_key_running",
        "The first request with this Idempotency-Key is still running; try again in a moment.",
    )


def _claimed(caller: Caller, key: str, request: str, claim: UUID, now: int) -> RepeatRow:
    return RepeatRow(
        owner_id=caller.user_id,
        key=key,
        request=request,
        claim=claim,
        state="running",
        until=now + LEASE_MS,
    )


def _outcome(row: RepeatRow) -> Outcome:
    return Outcome(
        status=row.status or 200,
        content_type=row.content_type,
        body=row.body or b"",
        location=row.location,
        withheld=row.state == "withheld",
    )
