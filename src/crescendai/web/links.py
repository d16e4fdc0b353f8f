"""The OpenAPI document's links: which addresses take an id that an answer gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

_METHODS = ("get", "post", "put", "delete")


@dataclass(frozen=True)
class _Given:
    """``operation`` answers with an id at ``place``; addresses call it ``name``."""

    operation: str
    name: str
    place: str


_GIVEN = (
    _Given("POST /api/upload", "recording_id", "/recording_id"),
    _Given("POST /api/upload/url", "recording_id", "/recording_id"),
    _Given("GET /api/recordings", "recording_id", "/items/0/recording_id"),
    _Given("POST /api/knowledge/ingest", "document_id", "/document_id"),
    _Given("GET /api/knowledge/documents", "document_id", "/items/0/document_id"),
    _Given("GET /api/chat/sessions", "session_id", "/items/0/session_id"),
    _Given("POST /api/shares", "share_id", "/id"),
    _Given("POST /api/shares", "token", "/token"),
    _Given("POST /api/keys", "key_id", "/id"),
)
_ALIKE = {"recording_id": ("other", "against")}
"""A second id of the same kind, where two are compared."""


def add_links(document: dict[str, Any]) -> None:
    for given in _GIVEN:
        method, path = given.operation.split(" ")
        links = {
            operation["operationId"]: link
            for address, operations in document["paths"].items()
            if _is_upload(address) == (path == "/api/upload/url")
            for one, operation in operations.items()
            if one in _METHODS and (link := _link(document, operation, given))
        }
        for status, response in document["paths"][path][method.lower()]["responses"].items():
            if status.startswith("2"):
                response.setdefault("links", {}).update(links)


def _is_upload(path: str) -> bool:
    """Whether its id is one of an upload that was begun, and not of a recording yet."""
    return path.startswith("/api/uploads/") or path.endswith("/complete")


def _link(
    document: dict[str, Any], operation: dict[str, Any], given: _Given
) -> dict[str, Any] | None:
    names = (given.name, *_ALIKE.get(given.name, ()))
    taken = {
        f"{parameter['in']}.{parameter['name']}": f"$response.body#{given.place}"
        for parameter in operation.get("parameters", [])
        if parameter["name"] in names
    }
    link: dict[str, Any] = {"operationId": operation["operationId"]}
    if taken:
        link["parameters"] = taken
    if given.name in _body(document, operation):
        link["requestBody"] = {given.name: f"$response.body#{given.place}"}
    return link if len(link) > 1 else None


def _body(document: dict[str, Any], operation: dict[str, Any]) -> dict[str, Any]:
    """The fields of its JSON body."""
    content = operation.get("requestBody", {}).get("content", {})
    schema = content.get("application/json", {}).get("schema", {})
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    fields: dict[str, Any] = schema.get("properties", {})
    return fields
