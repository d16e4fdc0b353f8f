"""The command line: parses and prints only."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer
from rich.console import Console

import crescendai
from crescendai.errors import CrescendError
from crescendai.kit import logs
from crescendai.settings import Settings, read_settings

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="CrescendAI Server: listens to piano playing and answers like a careful teacher.",
)
out = Console()
err = Console(stderr=True)


def _settings(**overrides: object) -> Settings:
    settings = read_settings(**overrides)
    logs.configure(settings.log_format, settings.log_level)
    return settings


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
) -> None:
    """Start the server with the web app and its workers."""
    from crescendai import bootstrap

    settings = _settings(host=host, port=port)

    def announce() -> None:
        out.print(
            f"CrescendAI {crescendai.__version__} is at http://{settings.host}:{settings.port}"
        )

    bootstrap.serve(settings, announce)


@app.command()
def worker(
    slot: Annotated[str, typer.Option(help="This worker's name; one process each.")] = "worker-0",
    with_parent: Annotated[bool, typer.Option(hidden=True)] = False,
) -> None:
    """Run an analysis worker (``serve`` starts its own)."""
    from crescendai import bootstrap

    asyncio.run(bootstrap.work(_settings(), slot, with_parent))


def main() -> None:
    """The entry point: our errors end the program with one sentence and exit code 1."""
    try:
        app()
    except CrescendError as error:
        err.print(f"[red]Error:[/red] {error.message}")
        raise SystemExit(1) from None
