from __future__ import annotations

import pytest

from crescendai.identity.service import IdentityService
from crescendai.kit.clock import DAY_MS
from crescendai.kit.sql import Transactions
from crescendai.ports.language_model import Usage
from crescendai.usage import service
from crescendai.usage.service import REPORT_DAYS, UsageService

NOON = 20_000 * DAY_MS + DAY_MS // 2  # 2024-10-04


async def test_tokens_are_added_up_by_caller_day_kind_and_model(
    transactions: Transactions, monkeypatch: pytest.MonkeyPatch
) -> None:
    identity = IdentityService(transactions, credentials_required=False)
    caller, stranger = await identity.ensure_user(), await identity.ensure_user("somebody-else")
    usage = UsageService(transactions)

    def at(ms: int) -> None:
        monkeypatch.setattr(service, "now_ms", lambda: ms)

    at(NOON - REPORT_DAYS * DAY_MS)
    await usage.record(caller, "chat", [Usage(1000, 1000, "old")])
    at(NOON - DAY_MS)
    await usage.record(caller, "chat", [Usage(10, 1, "a"), Usage(20, 2, "a"), Usage(5, 5, "b")])
    at(NOON)
    await usage.record(caller, "chat", [Usage(100, 10, "a")])
    await usage.record(caller, "chat", [Usage(1, 1, "a")])
    await usage.record(caller, "feedback", [Usage(7, 7, "a")])
    await usage.record(caller, "feedback", [])
    await usage.record(stranger, "chat", [Usage(3, 3, "a")])

    assert await usage.tokens_since(caller, NOON) == 126
    assert await usage.tokens_since(caller, NOON - DAY_MS) == 169
    assert await usage.tokens_since(stranger, 0) == 6
    report = await usage.report(caller)
    assert [tuple(item.model_dump().values()) for item in report.items] == [
        ("2024-10-04", "chat", "a", 101, 11),
        ("2024-10-04", "feedback", "a", 7, 7),
        ("2024-10-03", "chat", "a", 30, 3),
        ("2024-10-03", "chat", "b", 5, 5),
    ]
