"""Whether the server is alive, able to serve, and how busy."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping
from typing import Literal

import structlog
from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from pydantic import BaseModel
from sqlalchemy.exc import SQLAlchemyError

import crescendai
from crescendai.errors import CrescendError
from crescendai.identity.endpoints import CurrentCaller
from crescendai.kit.logs import named
from crescendai.music.dimensions import ALL, HOLISTIC

log = structlog.get_logger(__name__)
router = APIRouter(tags=["status"])

Check = Callable[[], Awaitable[None]]
_CHECK_WITHIN_SEC = 2.0
_HELPFUL = frozenset({"cache"})
"""Parts that it serves without, only slower."""


class Health(BaseModel):
    status: Literal["ok"]
    version: str


class Part(BaseModel):
    status: Literal["ok", "down"]
    detail: str | None


class Readiness(BaseModel):
    status: Literal["ready", "degraded"]
    parts: dict[str, Part]


class DimensionInfo(BaseModel):
    """One bipolar scale: 0 is wholly ``left``, 1 wholly ``right``; neither pole is good."""

    key: str
    left: str
    right: str
    group: str
    holistic: bool


@router.get("/api/health")
@router.head("/api/health", include_in_schema=False)
async def health() -> Health:
    """Alive."""
    return Health(status="ok", version=crescendai.__version__)


@router.get("/api/ready", responses={503: {"model": Readiness}})
async def ready(request: Request, response: Response) -> Readiness:
    """Able to serve, with the state of each part; 503 when one that it needs is down."""
    checks: Mapping[str, Check] = request.app.state.checks
    parts = dict(
        zip(checks, await asyncio.gather(*(look(c) for c in checks.values())), strict=True)
    )
    down = {name for name, part in parts.items() if part.status == "down"}
    if down - _HELPFUL:
        response.status_code = 503
    return Readiness(status="degraded" if down else "ready", parts=parts)


@router.get("/metrics", response_class=Response)
async def metrics(request: Request) -> Response:
    """Prometheus text: of all web processes together, where there are several."""
    registry = request.app.state.registry
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


@router.get("/api/dimensions")
async def dimensions(_: CurrentCaller) -> list[DimensionInfo]:
    """The sixteen scales and the three holistic ones."""
    return [
        DimensionInfo(key=d.key, left=d.left, right=d.right, group=d.group, holistic=d in HOLISTIC)
        for d in ALL
    ]


async def look(check: Check) -> Part:
    """The state of one part; a check that takes too long counts as down."""
    try:
        await asyncio.wait_for(check(), _CHECK_WITHIN_SEC)
    except TimeoutError:
        return Part(status="down", detail="It does not answer.")
    except CrescendError as error:
        return Part(status="down", detail=error.message)
    except (SQLAlchemyError, OSError) as error:
        log.warning("check.failed", cause=named(error))
        return Part(status="down", detail="It cannot be used; the log has the cause.")
    return Part(status="ok", detail=None)
