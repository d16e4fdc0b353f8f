"""Serves the built web app: its files, and its first page for every deep link."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, PlainTextResponse, Response
from starlette.convertors import PathConvertor, register_url_convertor
from starlette.exceptions import HTTPException

BUILD = Path(__file__).parent / "static"
_NOT_BUILT = "The web app is not built here; `make serve` builds it. The API is at /docs.\n"

class _PagePath(PathConvertor):
    """Any path but the interfaces' own: an unknown one of those is a 404 for every method."""

    regex = r"(?!(?:api|v1|mcp)(?:/|$)).*"


register_url_convertor("page", _PagePath())
router = APIRouter(include_in_schema=False)


@router.api_route("/{path:page}", methods=["GET", "HEAD"])
async def page(request: Request, path: str) -> Response:
    build: Path = request.app.state.web_build
    wanted = _file(build, path)
    if wanted is not None:
        immutable = path.startswith("_app/immutable/")
        life = "public, max-age=31536000, immutable" if immutable else "no-cache"
        if wanted.name == "index.html":
            return _first_page(request)
        return FileResponse(wanted, headers={"Cache-Control": life})
    if "." in path.rpartition("/")[2]:
        raise HTTPException(404, "There is no such file.")
    if not (build / "index.html").is_file():
        return PlainTextResponse(_NOT_BUILT)
    return _first_page(request)


def _first_page(request: Request) -> Response:
    headers = {
        "Cache-Control": "no-cache",
        "Content-Security-Policy": request.app.state.page_policy,
    }
    return FileResponse(request.app.state.web_build / "index.html", headers=headers)


def _file(build: Path, path: str) -> Path | None:
    """The file of the web app with that path, if there is one."""
    try:
        wanted = (build / path).resolve()
        inside = wanted.is_relative_to(build.resolve())
        return wanted if inside and wanted.is_file() else None
    except (ValueError, OSError):  # a path that no file can have: a NUL in it, or too long
        return None
