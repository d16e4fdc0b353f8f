"""Serves the built web app: its files, and its first page for every deep link.

The build lays a compressed twin beside each file; a browser gets that one from memory.
"""

from __future__ import annotations

import mimetypes
from functools import lru_cache
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, Response
from starlette.convertors import PathConvertor, register_url_convertor
from starlette.exceptions import HTTPException

from crescendai.kit.entity_tags import matches, tag_of
from crescendai.web import policy

BUILD = Path(__file__).parent / "static"
_TWINS = {"br": ".br", "gzip": ".gz"}
"""By the name of the encoding, the better one first."""
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
        if wanted.name == "index.html":
            return _first_page(request)
        immutable = path.startswith("_app/immutable/")
        life = "public, max-age=31536000, immutable" if immutable else "no-cache"
        return _sent(request, wanted, {"Cache-Control": life})
    if "." in path.rpartition("/")[2]:
        raise HTTPException(404, "There is no such file.")
    if not (build / "index.html").is_file():
        return PlainTextResponse(_NOT_BUILT)
    return _first_page(request)


def _first_page(request: Request) -> Response:
    page = request.app.state.web_build / "index.html"
    headers = {
        "Cache-Control": "no-cache",
        "Content-Security-Policy": _policy(page, page.stat().st_mtime_ns),
    }
    return _sent(request, page, headers)


@lru_cache(maxsize=8)
def _policy(page: Path, modified_ns: int) -> str:
    """The page's own, kept until the page is another one."""
    return policy.of_page(page)


def _sent(request: Request, file: Path, headers: dict[str, str]) -> Response:
    """The file, or its smallest twin that the browser reads; nothing if the browser has it."""
    encoding, chosen = _twin(file, request.headers.get("accept-encoding", ""))
    stat = chosen.stat()
    body, tag = _read(chosen, stat.st_mtime_ns, stat.st_size)
    headers = headers | {"ETag": tag, "Vary": "Accept-Encoding"}
    if matches(request.headers.get("if-none-match", ""), tag):
        return Response(status_code=304, headers=headers)
    if encoding:
        headers["Content-Encoding"] = encoding
    if request.method == "HEAD":
        headers["Content-Length"], body = str(len(body)), b""
    return Response(body, headers=headers, media_type=mimetypes.guess_type(file.name)[0])


def _twin(file: Path, accepted: str) -> tuple[str, Path]:
    """The encoding and the file to send."""
    known = {one.strip() for one in accepted.lower().split(",")}
    for encoding, ending in _TWINS.items():
        twin = file.with_name(file.name + ending)
        if encoding in known and twin.is_file():
            return encoding, twin
    return "", file


@lru_cache(maxsize=512)
def _read(file: Path, modified_ns: int, size: int) -> tuple[bytes, str]:
    """Its bytes and their entity tag, kept until the file is another one."""
    body = file.read_bytes()
    return body, tag_of(body)


def _file(build: Path, path: str) -> Path | None:
    """The file of the web app with that path, if there is one."""
    try:
        wanted = (build / path).resolve()
        inside = wanted.is_relative_to(build.resolve())
        return wanted if inside and wanted.is_file() else None
    except (ValueError, OSError):  # a path that no file can have: a NUL in it, or too long
        return None
