"""HTTP in and out of the library."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import JSONResponse

from crescendai.identity.cursors import ListPlace
from crescendai.identity.endpoints import CurrentCaller
from crescendai.kit import multipart
from crescendai.kit.paging import DEFAULT_LIMIT, MAX_LIMIT
from crescendai.knowledge.documents import FIELDS
from crescendai.knowledge.filters import Filters
from crescendai.knowledge.reindexing import ReindexService
from crescendai.knowledge.schemas import (
    Document,
    DocumentPage,
    IndexState,
    PageText,
    SearchResults,
    search_results,
)
from crescendai.knowledge.search import MAX_TOP_K, KnowledgeSearch
from crescendai.knowledge.service import KnowledgeService
from crescendai.music.dimensions import ALL_KEYS

MAX_PAGES = 1_000_000

router = APIRouter(prefix="/api/knowledge", tags=["knowledge"])


def _service(request: Request) -> KnowledgeService:
    service: KnowledgeService = request.app.state.knowledge
    return service


@router.post(
    "/ingest",
    status_code=202,
    response_model=Document,
    responses={200: {"model": Document, "description": "These bytes were already here"}},
    openapi_extra=multipart.openapi_form(*FIELDS),
)
async def ingest(request: Request, caller: CurrentCaller) -> Response:
    """Add a document: PDF, EPUB, DOCX, HTML, Markdown or text. Reading it goes on behind."""
    form = await multipart.read_file(request.headers.get("content-type", ""), request.stream())
    submitted = await _service(request).submit(caller, form.filename, form.chunks, form.fields)
    return JSONResponse(
        submitted.document.model_dump(mode="json"), status_code=202 if submitted.new else 200
    )


@router.get("/documents")
async def list_documents(
    request: Request,
    caller: CurrentCaller,
    place: ListPlace,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT,
) -> DocumentPage:
    """The caller's documents and the built-in ones, newest first."""
    page = await _service(request).list(caller, place.after, limit)
    return DocumentPage(items=list(page.items), next_cursor=place.sealed(page.next_cursor))


@router.get("/documents/{document_id}")
async def get_document(request: Request, caller: CurrentCaller, document_id: UUID) -> Document:
    """One document and how far its ingestion is."""
    return await _service(request).get(caller, document_id)


@router.delete("/documents/{document_id}", status_code=204)
async def delete_document(request: Request, caller: CurrentCaller, document_id: UUID) -> None:
    """Remove a document and all that is found in it."""
    await _service(request).delete(caller, document_id)


@router.post("/documents/{document_id}/cancel")
async def cancel_document(request: Request, caller: CurrentCaller, document_id: UUID) -> Document:
    """End a document's ingestion; it can be retried."""
    return await _service(request).cancel(caller, document_id)


@router.post("/documents/{document_id}/retry", status_code=202)
async def retry_document(request: Request, caller: CurrentCaller, document_id: UUID) -> Document:
    """Take a document in that failed or was cancelled."""
    return await _service(request).retry(caller, document_id)


@router.get("/documents/{document_id}/pages/{number}")
async def get_page(
    request: Request,
    caller: CurrentCaller,
    document_id: UUID,
    number: Annotated[int, Path(ge=1, le=MAX_PAGES)],
) -> PageText:
    """A page's text, or a section's where a format has no pages, and where its passages stand."""
    return await _service(request).page(caller, document_id, number)


@router.get("/index")
async def index_state(request: Request, caller: CurrentCaller) -> IndexState:
    """The model behind the search, and how far another one is that is to take its place."""
    reindexing: ReindexService = request.app.state.reindexing
    return await reindexing.state()


@router.get("/search")
async def search(
    request: Request,
    caller: CurrentCaller,
    q: Annotated[str, Query(json_schema_extra={"minLength": 1, "pattern": r"\S"})],
    top_k: Annotated[int, Query(ge=1, le=MAX_TOP_K)] = 5,
    document: UUID | None = None,
    type: str | None = None,
    level: str | None = None,
    dimension: Annotated[str | None, Query(json_schema_extra={"enum": [*ALL_KEYS]})] = None,
) -> SearchResults:
    """The passages that answer a question best: the search that the tutor uses."""
    engine: KnowledgeSearch = request.app.state.search
    filters = Filters(document, type, level, dimension)
    return search_results(await engine.search(caller, q, top_k, filters))
