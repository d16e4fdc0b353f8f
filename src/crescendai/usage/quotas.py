"""How much a user may use up in 24 hours, and keep."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from crescendai.errors import QuotaSpent
from crescendai.identity.service import Caller
from crescendai.kit.clock import DAY_MS, now_ms
from crescendai.kit.ids import new_id
from crescendai.kit.sql import Transactions
from crescendai.usage import repository
from crescendai.usage.schemas import QuotaState, QuotaStates

MINUTE_MS = 60_000
ANSWER_TOKENS = 10_000
"""What an answer that is being given may cost in the end."""
StoredBytes = Callable[[AsyncSession, UUID], Awaitable[int]]


@dataclass(frozen=True)
class Allowance:
    """For each user; 0 is any amount."""

    analysis_minutes: int
    llm_tokens: int
    storage_bytes: int


class Quotas:
    """``stored`` are what slices keep of a user's, in bytes."""

    def __init__(
        self, transactions: Transactions, allowance: Allowance, stored: Sequence[StoredBytes]
    ) -> None:
        self._transactions = transactions
        self._allowance = allowance
        self._stored = stored
        self._answering: Counter[UUID] = Counter()

    async def admit(self, session: AsyncSession, owner_id: UUID, heard_sec: float = 0) -> None:
        """Count what this transaction stores, and so much audio that is to be analysed.

        Raises QuotaSpent when that is too much, so that nothing is stored. Transactions of one user
        wait for each other here: two at once do not get past a quota that one alone would meet.
        """
        await repository.lock_user(session, owner_id)
        await self._check_bytes(session, owner_id, 0)
        if heard_sec:
            await repository.add_audio(
                session,
                id=new_id(),
                owner_id=owner_id,
                milliseconds=round(heard_sec * 1000),
                created_at=now_ms(),
            )
            if (limit := self._allowance.analysis_minutes) and (
                await _minutes(session, owner_id) > limit
            ):
                raise await _minutes_spent(session, owner_id, limit)

    async def check_analysis(self, caller: Caller) -> None:
        """Raises QuotaSpent when nothing is left."""
        if limit := self._allowance.analysis_minutes:
            async with self._transactions.read_once() as session:
                used = await _minutes(session, caller.user_id)
            if used >= limit:
                async with self._transactions.read() as session:
                    raise await _minutes_spent(session, caller.user_id, limit)

    async def check_tokens(self, caller: Caller) -> None:
        """Raises QuotaSpent when nothing is left, answers that are being given counted in."""
        if limit := self._allowance.llm_tokens:
            running = self._answering[caller.user_id] * ANSWER_TOKENS
            async with self._transactions.read_once() as session:
                used = await _tokens(session, caller.user_id)
            if used + running >= limit:
                async with self._transactions.read() as session:
                    raise QuotaSpent(
                        "quota_tokens",
                        f"You have used {limit} tokens of the language model in 24 hours, which "
                        "is the most, or will have with the answers you now get; go on later.",
                        await _free_again_sec(session, caller.user_id),
                    )

    @contextmanager
    def answering(self, caller: Caller) -> Iterator[None]:
        """A language model answers the caller."""
        self._answering[caller.user_id] += 1
        try:
            yield
        finally:
            self._answering[caller.user_id] -= 1
            self._answering += Counter()  # forgets the zeros

    async def check_storage(self, caller: Caller, more_bytes: int) -> None:
        """Raises QuotaSpent when there is no room for so many more."""
        async with self._transactions.read() as session:
            await self._check_bytes(session, caller.user_id, more_bytes)

    async def state(self, caller: Caller) -> QuotaStates:
        allowance, owner_id = self._allowance, caller.user_id
        async with self._transactions.read() as session:
            return QuotaStates(
                analysis_minutes=QuotaState(
                    used=round(await _minutes(session, owner_id), 2),
                    limit=allowance.analysis_minutes or None,
                ),
                llm_tokens=QuotaState(
                    used=await _tokens(session, owner_id), limit=allowance.llm_tokens or None
                ),
                storage_bytes=QuotaState(
                    used=await self._bytes(session, owner_id),
                    limit=allowance.storage_bytes or None,
                ),
            )

    async def _check_bytes(self, session: AsyncSession, owner_id: UUID, more_bytes: int) -> None:
        limit = self._allowance.storage_bytes
        if limit and await self._bytes(session, owner_id) + more_bytes > limit:
            raise QuotaSpent(
                "quota_storage",
                f"Your recordings and documents, and uploads that you began, would take more than "
                f"{limit >> 20} MB, which is the most; remove some first.",
            )

    async def _bytes(self, session: AsyncSession, owner_id: UUID) -> int:
        return sum([await one(session, owner_id) for one in self._stored])


async def _minutes(session: AsyncSession, owner_id: UUID) -> float:
    return await repository.audio_ms_since(session, owner_id, now_ms() - DAY_MS) / MINUTE_MS


async def _tokens(session: AsyncSession, owner_id: UUID) -> int:
    return await repository.tokens_since(session, owner_id, now_ms() - DAY_MS)


async def _minutes_spent(session: AsyncSession, owner_id: UUID, limit: int) -> QuotaSpent:
    return QuotaSpent(
        "quota_analysis",
        f"You may have {limit} minutes of recordings analysed in 24 hours, and this would be more; "
        "go on later.",
        await _free_again_sec(session, owner_id),
    )


async def _free_again_sec(session: AsyncSession, owner_id: UUID) -> int:
    """When the oldest of what counts will count no more; a minute where nothing does."""
    oldest = await repository.oldest_since(session, owner_id, now_ms() - DAY_MS)
    return 60 if oldest is None else max(1, (oldest + DAY_MS - now_ms()) // 1000)
