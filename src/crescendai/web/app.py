"""Builds the web application from finished services. Opens nothing itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import fields
from functools import partial
from pathlib import Path

from fastapi import FastAPI
from prometheus_client import CollectorRegistry

import crescendai
from crescendai.account import endpoints as account_endpoints
from crescendai.chat import endpoints as chat_endpoints
from crescendai.feedback import endpoints as feedback_endpoints
from crescendai.identity import endpoints as identity_endpoints
from crescendai.interop import endpoints as interop_endpoints
from crescendai.knowledge import endpoints as knowledge_endpoints
from crescendai.kit.sealing import Seal
from crescendai.ports.rate_limit import RateLimiter
from crescendai.recordings import direct_endpoints
from crescendai.recordings import endpoints as recordings_endpoints
from crescendai.recordings import performance_endpoints
from crescendai.reports import endpoints as reports_endpoints
from crescendai.settings import Settings
from crescendai.sharing import endpoints as sharing_endpoints
from crescendai.usage import endpoints as usage_endpoints
from crescendai.web.services import Services
from crescendai.web import jobs, layers, model_card, objects, openapi, pages, problems, reference, status

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def create_app(
    settings: Settings,
    services: Services,
    checks: Mapping[str, status.Check],
    lifespan: Lifespan | None = None,
    web_build: Path = pages.BUILD,
    *,
    secret: bytes,
    limiter: RateLimiter | None = None,
) -> FastAPI:
    production = settings.environment == "production"
    app = FastAPI(
        title="CrescendAI Server",
        version=crescendai.__version__,
        description="Listens to piano playing and answers like a careful teacher.",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,  # a redirect would name the host, and the scheme, that was asked by
    )
    for field in fields(services):
        setattr(app.state, field.name, getattr(services, field.name))
    app.state.checks = checks
    app.state.registry = CollectorRegistry()
    app.state.max_upload_bytes = settings.max_upload_bytes
    app.state.web_build = web_build
    app.state.cursors = Seal(secret, "cursors")
    problems.install(app, production)
    for router in (  # asked one after the other
        chat_endpoints.router,
        status.router,
        model_card.router,
        recordings_endpoints.router,
        direct_endpoints.router,
        objects.router,
        performance_endpoints.router,
        knowledge_endpoints.router,
        feedback_endpoints.router,
        sharing_endpoints.router,
        reports_endpoints.router,
        interop_endpoints.router,
        identity_endpoints.router,
        usage_endpoints.router,
        account_endpoints.router,
        jobs.router,
        reference.router,
        pages.router,
    ):
        app.include_router(router)
    app.openapi = partial(openapi.describe, app)  # type: ignore[method-assign]
    layers.wrap(app, settings, limiter)
    return app
