"""The dependency through which every other endpoint learns who is calling."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import APIKeyHeader, HTTPBearer
from fastapi.security.http import HTTPAuthorizationCredentials

from crescendai.identity.service import Caller, IdentityService

_api_key = APIKeyHeader(name="X-API-Key", auto_error=False, scheme_name="ApiKey")
_bearer = HTTPBearer(auto_error=False, scheme_name="Bearer")


async def _current_caller(
    request: Request,
    api_key: Annotated[str | None, Security(_api_key)],
    bearer: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
) -> Caller:
    service: IdentityService = request.app.state.identity
    return await service.authenticate(api_key or (bearer.credentials if bearer else None))


CurrentCaller = Annotated[Caller, Depends(_current_caller)]
