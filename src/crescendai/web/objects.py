"""The objects of a folder at signed addresses, as an S3 store gives out its own."""

from __future__ import annotations

from collections.abc import AsyncIterator

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from crescendai.errors import Conflict, NotFound, TooLarge
from crescendai.ports.objects import SignedObjects
from crescendai.recordings.direct import DirectUploads

router = APIRouter(prefix="/api/objects", tags=["recordings"])


@router.put("/{key:path}", status_code=200)
async def put_object(request: Request, key: str, expires: int, signature: str) -> Response:
    """Put an object at an address that was signed for it."""
    store = _store(request)
    store.check("PUT", key, expires, signature)
    direct: DirectUploads = request.app.state.direct
    if not await direct.awaits(key):
        raise Conflict("upload_over", "This upload was completed already; begin another one.")
    await store.put(key, _capped(request))
    return Response(status_code=200)


@router.get("/{key:path}", response_class=StreamingResponse)
async def get_object(request: Request, key: str, expires: int, signature: str) -> Response:
    """Get an object from an address that was signed for it."""
    store = _store(request)
    store.check("GET", key, expires, signature)
    size = await store.size(key)
    return StreamingResponse(
        store.read(key, 0, size),
        headers={"Content-Length": str(size), "Cross-Origin-Resource-Policy": "cross-origin"},
        media_type="application/octet-stream",
    )


def _store(request: Request) -> SignedObjects:
    store: SignedObjects | None = request.app.state.signed_objects
    if store is None:
        raise NotFound("objects_elsewhere", "Objects are in another store; ask at its address.")
    return store


async def _capped(request: Request) -> AsyncIterator[bytes]:
    left = request.app.state.max_upload_bytes
    async for chunk in request.stream():
        left -= len(chunk)
        if left < 0:
            raise TooLarge("upload_too_large", "The file is larger than is accepted.")
        yield chunk
