"""How much a user may use up in 24 hours, and keep."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from crescendai.errors import QuotaSpent
from crescendai.identity.service import Caller
from crescendai.kit.clock import DAY_MS, now_ms
from crescendai.usage.schemas import QuotaState, QuotaStates
from crescendai.usage.service import UsageService

MINUTE_MS = 60_000
StoredBytes = Callable[[Caller], Awaitable[int]]


@dataclass(frozen=True)
class Allowance:
    """For each user; 0 is any amount."""

    analysis_minutes: int
    llm_tokens: int
    storage_bytes: int


class Quotas:
    """``stored`` are the slices that keep objects, asked how many bytes a caller has there."""

    def __init__(
        self, usage: UsageService, allowance: Allowance, stored: Sequence[StoredBytes]
    ) -> None:
        self._usage = usage
        self._allowance = allowance
        self._stored = stored

    async def check_analysis(self, caller: Caller) -> None:
        limit = self._allowance.analysis_minutes
        if limit and await self._minutes(caller) >= limit:
            raise QuotaSpent(
                "quota_analysis",
                f"You have had {limit} minutes of recordings analysed in 24 hours, which is the "
                "most; go on later.",
            )

    async def check_tokens(self, caller: Caller) -> None:
        limit = self._allowance.llm_tokens
        if limit and await self._tokens(caller) >= limit:
            raise QuotaSpent(
                "quota_tokens",
                f"You have used {limit} tokens of the language model in 24 hours, which is the "
                "most; go on later.",
            )

    async def check_storage(self, caller: Caller, more_bytes: int) -> None:
        limit = self._allowance.storage_bytes
        if limit and await self._bytes(caller) + more_bytes > limit:
            raise QuotaSpent(
                "quota_storage",
                f"Your recordings and documents would take more than {limit >> 20} MB, which is "
                "the most; remove some first.",
            )

    async def free_again_sec(self, caller: Caller) -> int:
        """When the oldest of what counts will count no more; a minute where nothing does."""
        oldest = await self._usage.oldest_since(caller, now_ms() - DAY_MS)
        return 60 if oldest is None else max(1, (oldest + DAY_MS - now_ms()) // 1000)

    async def state(self, caller: Caller) -> QuotaStates:
        allowance = self._allowance
        return QuotaStates(
            analysis_minutes=QuotaState(
                used=round(await self._minutes(caller), 2), limit=allowance.analysis_minutes or None
            ),
            llm_tokens=QuotaState(
                used=await self._tokens(caller), limit=allowance.llm_tokens or None
            ),
            storage_bytes=QuotaState(
                used=await self._bytes(caller), limit=allowance.storage_bytes or None
            ),
        )

    async def _minutes(self, caller: Caller) -> float:
        return await self._usage.audio_ms_since(caller, now_ms() - DAY_MS) / MINUTE_MS

    async def _tokens(self, caller: Caller) -> int:
        return await self._usage.tokens_since(caller, now_ms() - DAY_MS)

    async def _bytes(self, caller: Caller) -> int:
        return sum([await one(caller) for one in self._stored])
