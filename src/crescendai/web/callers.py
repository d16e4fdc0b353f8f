"""Who calls, found out once a request and left in its state for whoever asks next."""

from __future__ import annotations

from sqlalchemy.exc import SQLAlchemyError
from starlette.datastructures import Headers
from starlette.types import Scope

from crescendai.errors import CrescendError
from crescendai.identity.caller import Caller
from crescendai.identity.endpoints import credential
from crescendai.identity.service import IdentityService


async def caller_of(scope: Scope, identity: IdentityService) -> Caller | None:
    """None when the credentials are not good; the endpoint finds the reason in the state."""
    state = scope["state"]
    if "caller" not in state:
        try:
            state["caller"] = await identity.authenticate(credential(Headers(scope=scope)))
        except CrescendError as error:
            state["caller"] = error
        except SQLAlchemyError:
            return None  # the endpoint meets it again, where it becomes a problem
    found = state["caller"]
    return found if isinstance(found, Caller) else None
