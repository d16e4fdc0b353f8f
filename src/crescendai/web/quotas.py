"""What a user may use up in a day, and keep: looked at before anything more is taken in."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from crescendai.identity.caller import Caller
from crescendai.identity.scopes import needed
from crescendai.identity.service import IdentityService
from crescendai.usage.quotas import Quotas
from crescendai.web.callers import caller_of
from crescendai.web.problems import of_error
from crescendai.web.routes import INGESTION, asks_model, sends_recording
from crescendai.errors import CrescendError


class QuotaGate:
    """Refuses (429) at once the request that would begin beyond a quota; what has begun may end.

    What is taken in is counted once more in the transaction that stores it.
    """

    def __init__(self, app: ASGIApp, *, identity: IdentityService, quotas: Quotas) -> None:
        self._app = app
        self._identity = identity
        self._quotas = quotas

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "POST":
            caller = await self._caller(scope)
            if caller is not None:
                try:
                    await self._check(caller, scope)
                except CrescendError as error:
                    answer = of_error(scope["state"]["request_id"], error, production=True)
                    await answer(scope, receive, send)
                    return
                if asks_model("POST", scope["path"]):
                    with self._quotas.answering(caller):
                        await self._app(scope, receive, send)
                    return
        await self._app(scope, receive, send)

    async def _caller(self, scope: Scope) -> Caller | None:
        path = scope["path"]
        if not (path in INGESTION or sends_recording(path) or asks_model("POST", path)):
            return None
        caller = await caller_of(scope, self._identity)
        return caller if caller is not None and needed("POST", path) in caller.scopes else None

    async def _check(self, caller: Caller, scope: Scope) -> None:
        path = scope["path"]
        if asks_model("POST", path):
            await self._quotas.check_tokens(caller)
            return
        declared = Headers(scope=scope).get("content-length", "0")
        await self._quotas.check_storage(caller, int(declared) if declared.isdecimal() else 0)
        if path not in INGESTION:
            await self._quotas.check_analysis(caller)
