"""What tells whether a server is ready."""

from __future__ import annotations

from crescendai.adapters.database.migrate import is_current
from crescendai.bootstrap.floor import Floor
from crescendai.errors import Unavailable
from crescendai.jobs import repository as jobs_repository
from crescendai.jobs.service import HEARTBEAT_SEC
from crescendai.kit.clock import now_ms
from crescendai.web.status import Check


def build_checks(floor: Floor) -> dict[str, Check]:
    """What ``/api/ready`` looks at."""

    async def workers() -> None:
        since = now_ms() - int(3 * HEARTBEAT_SEC * 1000)
        async with floor.database.transactions.read() as session:
            if await jobs_repository.count_alive(session, since) == 0:
                raise Unavailable("workers_down", "No analysis worker is running.")

    async def schema() -> None:
        if not await is_current(floor.database):
            raise Unavailable("schema_old", "The schema is not up to date: `crescendai migrate`.")

    return {
        "database": floor.database.ping,
        "schema": schema,
        "objects": floor.objects.ping,
        "cache": floor.cache.ping,
        "workers": workers,
    }
