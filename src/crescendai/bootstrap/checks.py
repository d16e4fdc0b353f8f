"""What tells whether a server is ready."""

from __future__ import annotations

from crescendai.adapters.database.migrate import is_current
from crescendai.bootstrap.floor import Floor
from crescendai.errors import Unavailable
from crescendai.jobs.service import is_anybody_working
from crescendai.web.status import Check


def build_checks(floor: Floor) -> dict[str, Check]:
    """What ``/api/ready`` looks at."""

    async def workers() -> None:
        async with floor.database.transactions.read_once() as session:
            if not await is_anybody_working(session):
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
