"""Errors as application/problem+json (RFC 9457): the one place where kinds become statuses."""

from __future__ import annotations

import re
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.types import Scope

from crescendai.errors import CrescendError, QuotaSpent, SchemaError, StorageFull
from crescendai.kit.logs import named

STATUS_BY_KIND = {
    "invalid": 400,
    "unauthenticated": 401,
    "forbidden": 403,
    "not_found": 404,
    "conflict": 409,
    "outdated": 412,
    "too_large": 413,
    "unsupported": 415,
    "schema": 422,
    "rate_limited": 429,
    "upstream": 502,
    "unavailable": 503,
    "storage_full": 507,
    "internal": 500,
}
PRODUCTION_DETAIL = {
    "upstream": "AI service unavailable",
    "unavailable": "A part of the server is down; try again in a moment.",
    "internal": "Something went wrong on the server.",
}
_SENTENCES = {
    404: "There is nothing at this address.",
    405: "This address does not know that method; the Allow header has those it knows.",
}

log = structlog.get_logger(__name__)


class ProblemResponse(JSONResponse):
    media_type = "application/problem+json"


class Refusal(HTTPException):
    """What the web room itself refuses, raised where a handler can still answer."""

    def __init__(self, status: int, code: str, title: str, detail: str) -> None:
        super().__init__(status, detail)
        self.code = code
        self.title = title

    def answer(self, scope: Scope) -> ProblemResponse:
        request_id = scope["state"]["request_id"]
        return problem(request_id, self.status_code, self.code, self.title, self.detail)


def problem(
    request_id: str,
    status: int,
    code: str,
    title: str,
    detail: str,
    errors: Sequence[dict[str, str]] = (),
) -> ProblemResponse:
    """``type`` is ``urn:crescendai:problem:<code>``; ``errors`` name fields by their path."""
    body: dict[str, Any] = {
        "type": f"urn:crescendai:problem:{code}",
        "title": title,
        "status": status,
        "detail": detail,
        "request_id": request_id,
    }
    if errors:
        body["errors"] = list(errors)
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else None
    return ProblemResponse(body, status_code=status, headers=headers)


def of_error(request_id: str, error: CrescendError, production: bool) -> ProblemResponse:
    """One of our own errors."""
    status = STATUS_BY_KIND[error.kind]
    if status >= 500:
        log.error("request.failed", code=error.code, cause=named(error.__cause__ or error))
    hidden = PRODUCTION_DETAIL.get(error.kind) if production else None
    errors = []
    if isinstance(error, SchemaError):
        errors.append({"field": error.field, "message": error.message})
    answer = problem(request_id, status, error.code, error.title, hidden or error.message, errors)
    if isinstance(error, QuotaSpent):
        answer.headers["Retry-After"] = str(error.wait_sec)
    return answer


def internal_problem(request_id: str, error: Exception, production: bool) -> ProblemResponse:
    """Anything that nobody foresaw, outside of the handlers too."""
    if isinstance(error, (OperationalError, PoolTimeoutError)):
        return _database_down(request_id, error)
    detail = PRODUCTION_DETAIL["internal"] if production else f"{type(error).__name__}: {error}"
    return problem(request_id, 500, "internal", CrescendError.title, detail)


def install(app: FastAPI, production: bool) -> None:
    """Answer every foreseen error of the application as a problem."""

    @app.exception_handler(CrescendError)
    async def _ours(request: Request, error: Exception) -> ProblemResponse:
        assert isinstance(error, CrescendError)
        return of_error(_request_id(request), error, production)

    @app.exception_handler(RequestValidationError)
    async def _schema(request: Request, error: Exception) -> ProblemResponse:
        assert isinstance(error, RequestValidationError)
        if any(e["type"] == "json_invalid" for e in error.errors()):
            return problem(
                _request_id(request),
                400,
                "json_malformed",
                "The input cannot be used",
                "The body is not well-formed JSON.",
            )
        errors = [
            {"field": ".".join(str(step) for step in e["loc"]), "message": e["msg"]}
            for e in error.errors()
        ]
        detail = "; ".join(f"{e['field']}: {e['message']}" for e in errors)
        return problem(
            _request_id(request), 422, "schema", "A field is missing or wrong", detail, errors
        )

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: Exception) -> ProblemResponse:
        assert isinstance(error, HTTPException)
        if isinstance(error, Refusal):
            return error.answer(request.scope)
        phrase = HTTPStatus(error.status_code).phrase
        code = phrase.lower().replace(" ", "_")
        detail = str(error.detail)
        if detail == phrase:  # the framework's own word, which is no sentence
            detail = _SENTENCES.get(error.status_code, f"{phrase}.")
        answer = problem(_request_id(request), error.status_code, code, phrase, detail)
        answer.headers.update(error.headers or {})
        if error.status_code == 405 and (known := _methods(request)):
            answer.headers["Allow"] = ", ".join(sorted(known))
        return answer

    @app.exception_handler(OperationalError)
    @app.exception_handler(PoolTimeoutError)
    async def _database(request: Request, error: Exception) -> ProblemResponse:
        return _database_down(_request_id(request), error)


def _database_down(request_id: str, error: Exception) -> ProblemResponse:
    cause = error.orig if isinstance(error, OperationalError) else error
    if "disk is full" in str(cause) or "No space left" in str(cause):  # SQLite; PostgreSQL
        log.error("request.failed", code="storage_full", cause=str(cause))
        full = "The disk is full: nothing can be stored until there is room."
        return problem(request_id, 507, "storage_full", StorageFull.title, full)
    log.error("request.failed", code="database_down", cause=str(cause))
    detail = "The database cannot be used now; try again in a moment."
    return problem(request_id, 503, "database_down", "A part of the server is down", detail)


def _methods(request: Request) -> set[str]:
    """All that the document has for this address; the framework knows only its first route's."""
    found: set[str] = set()
    for template, operations in request.app.openapi()["paths"].items():
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), request.url.path):
            found |= {method.upper() for method in operations}
    return found


def _request_id(request: Request) -> str:
    return str(request.state.request_id)
