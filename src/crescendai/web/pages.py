"""Serves the built web app: its files, and its first page for every deep link."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, PlainTextResponse, Response
from starlette.exceptions import HTTPException

BUILD = Path(__file__).parent / "static"
_NOT_PAGES = ("api/", "v1/", "mcp")
_NOT_BUILT = "The web app is not built here; `make serve` builds it. The API is at /docs.\n"

router = APIRouter(include_in_schema=False)


@router.get("/{path:path}")
async def page(request: Request, path: str) -> Response:
    if path.startswith(_NOT_PAGES):
        raise HTTPException(404, "There is no such address.")
    build: Path = request.app.state.web_build
    wanted = (build / path).resolve()
    if path and wanted.is_relative_to(build.resolve()) and wanted.is_file():
        immutable = path.startswith("_app/immutable/")
        life = "public, max-age=31536000, immutable" if immutable else "no-cache"
        return FileResponse(wanted, headers={"Cache-Control": life})
    if "." in path.rpartition("/")[2]:
        raise HTTPException(404, "There is no such file.")
    if not (build / "index.html").is_file():
        return PlainTextResponse(_NOT_BUILT)
    return FileResponse(build / "index.html", headers={"Cache-Control": "no-cache"})
