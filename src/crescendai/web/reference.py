"""The interactive reference at /docs, from files of our own: nothing is fetched from elsewhere."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, PlainTextResponse, Response

from crescendai.web import policy

router = APIRouter(include_in_schema=False)

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>CrescendAI Server: reference</title>
<link rel="icon" href="/favicon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/reference/swagger-ui.css">
</head>
<body>
<div id="reference"></div>
<script src="/reference/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
"""
_START = """SwaggerUIBundle({
  url: "/openapi.json", dom_id: "#reference", deepLinking: true, validatorUrl: null,
  persistAuthorization: false, layout: "BaseLayout"
});
"""
_NOT_BUILT = "The web app is not built here; `make serve` builds it. The document: /openapi.json.\n"


@router.get("/docs")
async def page(request: Request) -> Response:
    build: Path = request.app.state.web_build
    if not (build / "reference").is_dir():
        return PlainTextResponse(_NOT_BUILT)
    return HTMLResponse(_PAGE, headers={"Content-Security-Policy": policy.REFERENCE})


@router.get("/docs/start.js")
async def start() -> Response:
    return Response(_START, media_type="text/javascript")
