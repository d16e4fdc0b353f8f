"""A document's row: made from a submission, and as the wire shows it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from uuid import UUID

from crescendai.errors import SchemaError
from crescendai.kit.clock import now_ms
from crescendai.knowledge.intake import Intake
from crescendai.knowledge.schemas import Document, Problem
from crescendai.knowledge.tables import DocumentRow
from crescendai.music.dimensions import ALL

FIELDS = ("title", "author", "type", "level", "dimensions")
_MAX_FIELD_CHARACTERS = 300
_KEYS = frozenset(scale.key for scale in ALL)


def to_wire(row: DocumentRow) -> Document:
    problem = None
    if row.problem_code is not None:
        problem = Problem(code=row.problem_code, reason=row.problem_reason or "")
    return Document.model_validate(
        {
            "document_id": row.id,
            "title": row.title or name_as_title(row.filename),
            "author": row.author,
            "type": row.type,
            "level": row.level,
            "dimensions": row.dimensions,
            "filename": row.filename,
            "format": row.format,
            "size_bytes": row.size_bytes,
            "builtin": row.owner_id is None,
            "status": row.status,
            "stage": row.stage,
            "percent": row.percent,
            "problem": problem,
            "page_count": row.page_count,
            "pages_done": row.pages_done,
            "pages_total": row.pages_total,
            "hidden_characters": row.hidden_characters,
            "chunk_count": row.chunk_count,
            "created_at": row.created_at,
            "updated_at": row.updated_at,
        }
    )


def name_as_title(filename: str) -> str:
    """The title of a document that nobody gave one."""
    return PurePosixPath(filename).stem.replace("_", " ").strip() or filename


def new_row(
    document_id: UUID,
    owner_id: UUID | None,
    filename: str,
    intake: Intake,
    fields: Mapping[str, str],
) -> DocumentRow:
    at = now_ms()
    return DocumentRow(
        id=document_id,
        owner_id=owner_id,
        title=_field(fields, "title"),
        author=_field(fields, "author"),
        type=_field(fields, "type"),
        level=_field(fields, "level"),
        dimensions=_dimensions(fields),
        filename=filename,
        format=intake.format,
        size_bytes=intake.size_bytes,
        sha256=intake.sha256,
        status="queued",
        stage="queued",
        percent=0,
        chunk_count=0,
        pages_done=0,
        hidden_characters=0,
        revision=0,
        created_at=at,
        updated_at=at,
    )


def _field(fields: Mapping[str, str], name: str) -> str | None:
    value = " ".join(fields.get(name, "").split())
    if len(value) > _MAX_FIELD_CHARACTERS:
        raise SchemaError(
            "field_too_long",
            f"The {name} may have at most {_MAX_FIELD_CHARACTERS} characters.",
            f"body.{name}",
        )
    return value or None


def _dimensions(fields: Mapping[str, str]) -> list[str]:
    keys = [key.strip() for key in fields.get("dimensions", "").split(",") if key.strip()]
    if not _KEYS.issuperset(keys):
        raise SchemaError(
            "dimension_unknown",
            "dimensions is a comma-separated list of keys; GET /api/dimensions lists them.",
            "body.dimensions",
        )
    return list(dict.fromkeys(keys))
