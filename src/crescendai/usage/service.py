"""What language models cost each caller: noted when a turn or a feedback ends."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from crescendai.identity.service import Caller
from crescendai.kit.clock import DAY_MS, now_ms
from crescendai.kit.ids import new_id
from crescendai.kit.sql import Transactions
from crescendai.ports.language_model import Usage
from crescendai.usage import repository
from crescendai.usage.schemas import DayUsage, Kind, UsageReport

REPORT_DAYS = 31


class UsageService:
    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    async def record(self, caller: Caller, kind: Kind, spent: Iterable[Usage]) -> None:
        """Note what calls cost, added up by model; nothing is written when there were none."""
        totals: dict[str, tuple[int, int]] = {}
        for usage in spent:
            prompt, completion = totals.get(usage.model, (0, 0))
            totals[usage.model] = (
                prompt + usage.prompt_tokens,
                completion + usage.completion_tokens,
            )
        if not totals:
            return
        rows: list[dict[str, object]] = [
            {
                "id": new_id(),
                "owner_id": caller.user_id,
                "kind": kind,
                "model": model,
                "prompt_tokens": prompt,
                "completion_tokens": completion,
                "created_at": now_ms(),
            }
            for model, (prompt, completion) in totals.items()
        ]
        async with self._transactions.write_briefly() as session:
            await repository.add_usage(session, rows)

    async def tokens_since(self, caller: Caller, since_ms: int) -> int:
        """What the caller has used since then, prompts and answers together."""
        async with self._transactions.read_once() as session:
            return await repository.tokens_since(session, caller.user_id, since_ms)

    async def report(self, caller: Caller) -> UsageReport:
        """The caller's last 31 days (UTC), today among them."""
        since_ms = (now_ms() // DAY_MS - REPORT_DAYS + 1) * DAY_MS
        async with self._transactions.read_once() as session:
            rows = await repository.by_day(session, caller.user_id, since_ms)
        return UsageReport(
            items=[
                DayUsage(
                    day=datetime.fromtimestamp(day * DAY_MS / 1000, UTC).date().isoformat(),
                    kind=kind,
                    model=model,
                    prompt_tokens=prompt,
                    completion_tokens=completion,
                )
                for day, kind, model, prompt, completion in rows
            ]
        )
