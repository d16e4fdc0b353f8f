"""How every other endpoint learns who is calling, and the caller's API keys over HTTP."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request, Response, Security
from fastapi.openapi.models import HTTPBearer as HTTPBearerModel
from fastapi.security.base import SecurityBase
from starlette.datastructures import Headers

from crescendai.errors import CrescendError
from crescendai.identity.schemas import ApiKeys, KeyRequest, NewApiKey
from crescendai.identity.scopes import needed
from crescendai.identity.service import Caller, IdentityService

router = APIRouter(prefix="/api/keys", tags=["keys"])


class _Credentials(SecurityBase):
    """One dependency for both kinds: a chain of them costs every request.

    The OpenAPI document names the other kind beside this one (see ``web.openapi``).
    """

    model = HTTPBearerModel()
    scheme_name = "Bearer"

    async def __call__(self, request: Request) -> Caller:
        """Raises NotAuthenticated, or NotAllowed when the key's scopes do not reach this far."""
        caller = getattr(request.state, "caller", None)  # found out already, to count the call
        if isinstance(caller, CrescendError):
            raise caller
        if not isinstance(caller, Caller):
            caller = await _service(request).authenticate(credential(request.headers))
            request.state.caller = caller
        caller.require(needed(request.method, request.scope["path"]))
        return caller


CurrentCaller = Annotated[Caller, Security(_Credentials())]


def credential(headers: Headers) -> str | None:
    """The key or token that a request brings."""
    scheme, _, bearer = headers.get("authorization", "").partition(" ")
    return headers.get("x-api-key") or (bearer if scheme.lower() == "bearer" and bearer else None)


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
