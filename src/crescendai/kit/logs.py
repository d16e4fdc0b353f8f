"""Structured logs: one event name and its fields a line; never message text or a person.

An exception's message may quote what somebody wrote, so only its type and its frames are logged.
"""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import MutableMapping
from typing import Any, Literal

import structlog


def configure(log_format: Literal["console", "json"], level: str) -> None:
    """Write logs to standard error, ours and the libraries' warnings alike."""
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if log_format == "json"
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _on_one_line,
            structlog.processors.StackInfoRenderer(),
            _frames,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")


def _frames(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> dict[str, Any]:
    error = event.pop("exc_info", None)
    if not isinstance(error, BaseException):
        return dict(event)
    lines: list[str] = []
    while error is not None:
        frames = traceback.extract_tb(error.__traceback__)
        lines += [named(error), *(f"  {at.filename}:{at.lineno} {at.name}" for at in frames)]
        error = error.__cause__ or error.__context__
    return {**event, "exception": "\n".join(lines)}


def named(error: BaseException) -> str:
    """An exception as logs may name it: its type, without its words."""
    return f"{type(error).__module__}.{type(error).__qualname__}"


def _on_one_line(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> dict[str, Any]:
    """Escape line ends and control characters, so that no address asked for can forge a line."""
    return {
        name: value.encode("unicode_escape").decode()
        if isinstance(value, str) and not value.isprintable()
        else value
        for name, value in event.items()
    }
