"""How every other endpoint learns who is calling, and the caller's API keys over HTTP."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response, Security
from fastapi.security import APIKeyHeader, HTTPBearer
from fastapi.security.http import HTTPAuthorizationCredentials

from crescendai.errors import CrescendError
from crescendai.identity.schemas import ApiKeys, KeyRequest, NewApiKey
from crescendai.identity.scopes import needed
from crescendai.identity.service import Caller, IdentityService

router = APIRouter(prefix="/api/keys", tags=["keys"])

_api_key = APIKeyHeader(name="X-API-Key", auto_error=False, scheme_name="ApiKey")
_bearer = HTTPBearer(auto_error=False, scheme_name="Bearer")


async def _current_caller(
    request: Request,
    api_key: Annotated[str | None, Security(_api_key)],
    bearer: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
) -> Caller:
    """Raises NotAuthenticated, or NotAllowed when the key's scopes do not reach this far."""
    caller = getattr(request.state, "caller", None)  # found out already, to count the call
    if isinstance(caller, CrescendError):
        raise caller
    if not isinstance(caller, Caller):
        credential = api_key or (bearer.credentials if bearer else None)
        caller = await _service(request).authenticate(credential)
    caller.require(needed(request.method, request.url.path))
    return caller


CurrentCaller = Annotated[Caller, Depends(_current_caller)]


def _service(request: Request) -> IdentityService:
    service: IdentityService = request.app.state.identity
    return service


@router.post("", status_code=201)
async def create_key(
    request: Request, response: Response, caller: CurrentCaller, body: KeyRequest
) -> NewApiKey:
    """Make an API key. The answer shows it, this once."""
    response.headers["Cache-Control"] = "no-store"
    return await _service(request).keys.create(caller, body)


@router.get("")
async def list_keys(request: Request, caller: CurrentCaller) -> ApiKeys:
    """The caller's API keys, newest first, those that were revoked or have expired too."""
    return ApiKeys(items=await _service(request).keys.list(caller))


@router.delete("/{key_id}", status_code=204)
async def revoke_key(request: Request, caller: CurrentCaller, key_id: UUID) -> None:
    """Revoke a key: from now on it opens nothing."""
    await _service(request).keys.revoke(caller, key_id)
