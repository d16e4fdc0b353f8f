"""What is laid around the application, layer by layer."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware

from crescendai.ports.rate_limit import RateLimiter
from crescendai.settings import Settings
from crescendai.web import middleware
from crescendai.web.answers import Compressed, EntityTags
from crescendai.web.bodies import BodyLimits
from crescendai.web.idempotency import REPLAYED, Idempotency
from crescendai.web.limits import RateLimit, limits_of
from crescendai.web.quotas import QuotaGate
from crescendai.web.shedding import Shedding

_SENT = [
    "Authorization",
    "Content-Type",
    "Idempotency-Key",
    "If-Match",
    "If-None-Match",
    "Last-Event-ID",
    "Range",
    "X-API-Key",
]
_SHOWN = [
    "Accept-Ranges",
    "Content-Location",
    "Content-Range",
    "ETag",
    REPLAYED,
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "X-Request-ID",
]


def wrap(app: FastAPI, settings: Settings, limiter: RateLimiter | None) -> None:
    """The last one added is the outermost."""
    app.add_middleware(EntityTags)
    app.add_middleware(QuotaGate, identity=app.state.identity, quotas=app.state.quotas)
    app.add_middleware(Idempotency, identity=app.state.identity, repeats=app.state.repeats)
    app.add_middleware(middleware.SameOrigin, allowed_origins=settings.allowed_origins)
    limits = limits_of(settings)
    if limiter is not None and limits:
        app.add_middleware(
            RateLimit, identity=app.state.identity, limiter=limiter, limits=limits
        )
    app.add_middleware(
        BodyLimits, max_upload_bytes=settings.max_upload_bytes, pause_sec=settings.patience_sec
    )
    app.add_middleware(Shedding, settings=settings, registry=app.state.registry)
    app.add_middleware(Compressed)
    if settings.allowed_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.allowed_origins,
            allow_credentials=True,
            allow_methods=["GET", "POST", "PUT", "DELETE"],
            allow_headers=_SENT,
            expose_headers=_SHOWN,
            max_age=3600,
        )
    if settings.auth == "local":  # a page from elsewhere must not reach us by a rebound name
        app.add_middleware(middleware.LoopbackHost)
    app.add_middleware(
        middleware.RequestContext,
        production=settings.environment == "production",
        registry=app.state.registry,
    )
