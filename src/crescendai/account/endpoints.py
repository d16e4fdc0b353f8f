"""A whole account over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse

from crescendai.account.service import AccountService
from crescendai.identity.endpoints import CurrentCaller

router = APIRouter(prefix="/api/account", tags=["account"])
_CHUNK_BYTES = 1 << 20


def _service(request: Request) -> AccountService:
    service: AccountService = request.app.state.account
    return service


@router.get(
    "/export",
    response_class=StreamingResponse,
    responses={200: {"content": {"application/zip": {}}}},
)
async def export_account(request: Request, caller: CurrentCaller) -> StreamingResponse:
    """Everything of the caller's as one ZIP archive: rows as JSON, audio and documents as sent."""
    opened = AsyncExitStack()
    path = await opened.enter_async_context(_service(request).exported(caller))
    headers = {
        "Content-Disposition": 'attachment; filename="crescendai-account.zip"',
        "Content-Length": str(path.stat().st_size),
        "Cache-Control": "no-store",
    }
    return StreamingResponse(_sent(opened, path), media_type="application/zip", headers=headers)


@router.delete("", status_code=204)
async def erase_account(
    request: Request,
    caller: CurrentCaller,
    confirm: Annotated[Literal["erase"], Query(description="There is no way back.")],
) -> None:
    """Remove the caller and everything that is theirs, keys too."""
    await _service(request).erase(caller)


async def _sent(opened: AsyncExitStack, path: Path) -> AsyncIterator[bytes]:
    async with opened:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                yield chunk
