"""The OpenAPI document: what the framework knows, and the problems that every address may answer."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel, Field

from crescendai.web.links import add_links
from crescendai.web.routes import UPLOADS, asks_model, is_counted

_METHODS = ("get", "post", "put", "delete")
_API_KEY = {"type": "apiKey", "in": "header", "name": "X-API-Key"}
_NAMING = frozenset({"/api/progress", "/api/shares"})
"""Addresses that are told in their query which recording is meant."""


class FieldProblem(BaseModel):
    field: str = Field(description="The field's path, such as `body.message`.")
    message: str


class Problem(BaseModel):
    """An error (RFC 9457)."""

    type: str = Field(description="`urn:crescendai:problem:<code>`; the code is stable.")
    title: str
    status: int
    detail: str = Field(description="A sentence for the person who must act.")
    request_id: str
    errors: list[FieldProblem] = []


def describe(app: FastAPI) -> dict[str, Any]:
    """The document, made at its first use."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title,
            version=app.version,
            description=app.description,
            routes=app.routes,
        )
        schemas = document["components"]["schemas"]
        for unused in ("HTTPValidationError", "ValidationError"):
            schemas.pop(unused, None)
        own = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas |= own.pop("$defs") | {"Problem": own}
        for path, operations in document["paths"].items():
            for method in _METHODS:
                if method in operations:
                    _add_problems(method.upper(), path, operations[method])
                    _add_api_key(operations[method])
        document["components"]["securitySchemes"]["ApiKey"] = _API_KEY
        add_links(document)
        app.openapi_schema = document
    return app.openapi_schema


def _add_api_key(operation: dict[str, Any]) -> None:
    """Beside the token that the framework knows of."""
    if "security" in operation:
        operation["security"].insert(0, {"ApiKey": []})


def _add_problems(method: str, path: str, operation: dict[str, Any]) -> None:
    responses = operation["responses"]
    responses.pop("422", None)
    for status in _statuses(method, path):
        responses.setdefault(
            str(status),
            {
                "description": HTTPStatus(status).phrase,
                "content": {
                    "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
                },
            },
        )


def _statuses(method: str, path: str) -> list[int]:
    found = {400, 500, 503}
    if is_counted(path):
        found |= {401, 403, 422, 429}
    if "{" in path or path in _NAMING or asks_model(method, path):
        found |= {404, 409}
    if method in ("POST", "PUT"):
        found |= {404, 408, 409, 412, 413}
    if path in UPLOADS or path == "/mcp":
        found |= {415}
    if asks_model(method, path):
        found |= {502}
    if path.endswith("/audio"):
        found |= {416}
    return sorted(found)
