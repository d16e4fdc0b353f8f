"""The command line: parses and prints only."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import orjson
import structlog
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn
from rich.table import Table
from rich.text import Text

import crescendai
from crescendai.errors import CrescendError
from crescendai.kit import logs
from crescendai.settings import Settings, read_settings, unknown_variables

if TYPE_CHECKING:
    from crescendai.backup import Summary

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    help="CrescendAI Server: listens to piano playing and answers like a careful teacher.",
)
keys = typer.Typer(
    no_args_is_help=True, help="API keys for a server with CRESCENDAI_AUTH=required."
)
library = typer.Typer(no_args_is_help=True, help="The owner's library: books, articles and notes.")
jobs = typer.Typer(no_args_is_help=True, help="What the workers do, and what was given up.")
account = typer.Typer(
    no_args_is_help=True, help="A whole account: export everything of a user's, or erase it."
)
app.add_typer(keys, name="keys")
app.add_typer(account, name="account")
app.add_typer(jobs, name="jobs")
app.add_typer(library, name="library")
out = Console()
err = Console(stderr=True)

_HEADING = re.compile(r" {0,3}#{1,6} +(.+)")
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON in the shape of the HTTP API.")]


def main() -> None:
    """The entry point: our errors end the program with one sentence and exit code 1."""
    # Small matrices by the thousand: more BLAS threads only fight over the cores. Before numpy.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        app()
    except CrescendError as error:
        _print_error(error.message)
        raise SystemExit(1) from None
    except OSError as error:  # a file that was named may not be read, the disk is full
        if error.strerror is None:
            raise
        _print_error(f"{error.filename or 'The system says'}: {error.strerror}.")
        raise SystemExit(1) from None


def _print_error(sentence: str) -> None:
    err.print(Text.assemble(("Error: ", "red"), sentence), soft_wrap=True)


def _settings(quiet: bool = False, **overrides: object) -> Settings:
    settings = read_settings(**overrides)
    logs.configure(settings.log_format, "error" if quiet else settings.log_level)
    for name in unknown_variables():
        structlog.get_logger(__name__).warning("setting.unknown", variable=name)
    return settings


def _bars() -> Progress:
    name = TextColumn("{task.description}", markup=False)
    columns = (name, BarColumn(), TaskProgressColumn())
    return Progress(*columns, console=err, transient=True)


def _print_json(value: Any) -> None:
    typer.echo(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode())


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
    beside: Annotated[int | None, typer.Option(hidden=True)] = None,
) -> None:
    """Start the server with the web app and its workers."""
    from crescendai import web_processes

    settings = _settings(host=host, port=port)
    if beside is not None:
        web_processes.serve_beside(settings, beside)
        return

    def announce(port: int) -> None:
        name = f"[{settings.host}]" if ":" in settings.host else settings.host
        typer.echo(f"CrescendAI {crescendai.__version__} is at http://{name}:{port}")

    web_processes.serve(settings, announce)


@app.command()
def worker(
    slot: Annotated[
        str | None,
        typer.Option(help="This worker's name; one process each. Without it: the first's."),
    ] = None,
    with_parent: Annotated[bool, typer.Option(hidden=True)] = False,
) -> None:
    """Run a worker for analyses and ingestion (``serve`` starts its own)."""
    from crescendai.bootstrap.worker import work

    asyncio.run(work(_settings(), slot, with_parent))


@app.command()
def migrate() -> None:
    """Bring the database's schema up to date."""
    from crescendai import commands

    before, after = asyncio.run(commands.migrate_schema(_settings()))
    out.print(f"The schema is at {after}." if before == after else f"Migrated: {before} → {after}.")


@app.command("migrate-data")
def migrate_data(
    to: Annotated[str, typer.Option(help="The PostgreSQL database: postgresql://…")],
    objects_to: Annotated[
        str | None,
        typer.Option(help="The S3 store, s3://…; without it CRESCENDAI_OBJECTS_URL, if set."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Copy everything from the data folder to PostgreSQL (and S3), and compare the two.

    Stop the server first. What was interrupted goes on when it is begun again; the data folder
    stays as it is.
    """
    from crescendai import moving

    with _bars() as bars:
        tasks: dict[str, Any] = {}

        def report(name: str, done: int, total: int) -> None:
            if name not in tasks:
                tasks[name] = bars.add_task(name, total=total)
            bars.update(tasks[name], completed=done)

        moved = asyncio.run(moving.move(_settings(quiet=True), to, objects_to, report))
    if as_json:
        _print_json(asdict(moved))
        return
    for name, rows in moved.rows.items():
        out.print(f"{name:28} {rows:>9} rows, the same on both sides", highlight=False)
    out.print(f"{'objects':28} {moved.objects:>9} of {moved.object_bytes} bytes", highlight=False)


@app.command()
@library.command("add")
def ingest(
    paths: Annotated[
        list[Path],
        typer.Argument(help="Files, folders of files, or quoted patterns like 'notes/**/*.pdf'."),
    ],
    as_json: AsJson = False,
) -> None:
    """Add PDF, EPUB, DOCX, HTML, Markdown or text documents to the owner's library."""
    from crescendai import commands

    with _bars() as bars:
        tasks: dict[str, Any] = {}

        def report(name: str, percent: int) -> None:
            if name not in tasks:
                tasks[name] = bars.add_task(name, total=100)
            bars.update(tasks[name], completed=percent)

        outcomes = asyncio.run(commands.ingest_files(_settings(quiet=True), paths, report))
    if as_json:
        _print_json([outcome.as_dict() for outcome in outcomes])
    else:
        for outcome in outcomes:
            out.print(f"{outcome.path}: {outcome.summary}", highlight=False, markup=False)
    if any(outcome.failed for outcome in outcomes):
        raise typer.Exit(1)


@app.command()
def analyze(
    file: Annotated[Path, typer.Argument(help="A WAV, MP3 or M4A recording.")],
    as_json: AsJson = False,
) -> None:
    """Listen to a recording and print the analysis; nothing is stored."""
    from crescendai import commands

    with _bars() as bars:
        task = bars.add_task("decoding", total=100)

        def report(stage: str, percent: int) -> None:
            bars.update(task, description=stage, completed=percent)

        analysis = asyncio.run(commands.analyze_file(_settings(quiet=True), file, report))
    if as_json:
        _print_json(analysis.model_dump(mode="json"))
        return
    from crescendai.music.dimensions import ALL

    table = Table(title=Text(f"{file.name} ({analysis.duration:.1f} s)"))
    for name in ("0", "1", "value", "80 % interval"):
        table.add_column(name)
    values = analysis.scores | analysis.holistic
    for scale in ALL:
        low, high = analysis.intervals[scale.key]
        table.add_row(scale.left, scale.right, f"{values[scale.key]:.2f}", f"{low:.2f}–{high:.2f}")
    out.print(table)


@app.command()
def search(
    query: Annotated[str, typer.Argument(help="What to look for, in your own words.")],
    top_k: Annotated[int, typer.Option(help="How many passages.")] = 5,
    as_json: AsJson = False,
) -> None:
    """Search the library."""
    from crescendai import commands

    found = asyncio.run(commands.search_library(_settings(quiet=True), query, top_k))
    if as_json:
        _print_json(found.model_dump(mode="json"))
        return
    for number, hit in enumerate(found.results, 1):
        page = f", page {hit.page}" if hit.page else ""
        place = f"{page} › {' › '.join(hit.heading_path)}"
        out.print(Text.assemble("\n", (f"{number}. {hit.title}", "bold"), place))
        out.print(_passage(hit.text))
    if not found.results:
        out.print("The library holds nothing on this.")


def _passage(text: str) -> Text:
    """A passage as people read it: a Markdown heading is bold and has no marker."""
    lines = (_HEADING.match(line) or line for line in text.splitlines())
    shown = (Text(at) if isinstance(at, str) else Text(at.group(1), style="bold") for at in lines)
    return Text("\n").join(shown)


@library.command("list")
def list_documents(as_json: AsJson = False) -> None:
    """List the documents with their ids and how far their ingestion is."""
    from crescendai import commands

    documents = asyncio.run(commands.list_documents(_settings(quiet=True)))
    if as_json:
        _print_json([document.model_dump(mode="json") for document in documents])
        return
    for one in documents:
        state = one.status if one.problem is None else f"{one.status}: {one.problem.reason}"
        whose = ", built in" if one.builtin else ""
        named = f"{one.document_id}  {one.title} ({one.format}{whose})"
        line = f"{named}, {one.chunk_count} passages, {state}"
        out.print(line, highlight=False, markup=False, soft_wrap=True)


@library.command("remove")
def remove_documents(
    names: Annotated[list[str], typer.Argument(help="Ids, titles or file names.")],
    as_json: AsJson = False,
) -> None:
    """Remove documents with all that is found in them."""
    from crescendai import commands

    removed = asyncio.run(commands.remove_documents(_settings(quiet=True), names))
    if as_json:
        _print_json([document.model_dump(mode="json") for document in removed])
        return
    for document in removed:
        out.print(f"Removed: {document.title}", highlight=False, markup=False)


@library.command("reindex")
def reindex(as_json: AsJson = False) -> None:
    """Read the library by the models of the settings, where others have; the old index serves."""
    from crescendai import commands

    with _bars() as bars:
        task = bars.add_task("reading", total=100)

        def report(stage: str, percent: int) -> None:
            bars.update(task, description=stage, completed=percent)

        state = asyncio.run(commands.reindex(_settings(quiet=True), report))
    if as_json:
        _print_json(state.model_dump(mode="json"))
    else:
        out.print(f"All {state.chunks_total} passages are read by {state.wanted}.", highlight=False)


@library.command("eval")
def evaluate(
    file: Annotated[Path, typer.Argument(help="Questions with gold quotes, a JSON object a line.")],
    as_json: AsJson = False,
) -> None:
    """Ask the questions of a file and print how often the right passage is among the first."""
    from crescendai import commands

    with _bars() as bars:
        task = bars.add_task("asking", total=100)

        def report(stage: str, percent: int) -> None:
            bars.update(task, description=stage, completed=percent)

        found = asyncio.run(commands.evaluate(_settings(quiet=True), file, report))
    if as_json:
        shares = {f"recall_at_{k}": share for k, share in found.at.items()}
        _print_json({"questions": found.questions, **shares})
        return
    table = Table(title=f"{found.questions} questions with an answer")
    for k in found.at:
        table.add_column(f"R@{k}")
    table.add_row(*(f"{share:.3f}" for share in found.at.values()))
    out.print(table)


Named = Annotated[str, typer.Option(help="A user's name; `owner` where nobody signs in.")]


@account.command("export")
def export_account(
    file: Annotated[Path, typer.Argument(help="The ZIP archive to write; it must not exist yet.")],
    user: Named = "owner",
) -> None:
    """Write everything of a user's to one archive: rows as JSON, audio and documents as sent."""
    from crescendai import commands

    size = asyncio.run(commands.export_account(_settings(quiet=True), user, file))
    out.print(f"{file}: {size} bytes.", highlight=False, markup=False)


@account.command("erase")
def erase_account(
    user: Annotated[str, typer.Argument(help="The user's name.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Remove a user and everything of theirs for good."""
    from crescendai import commands

    if not yes:
        typer.confirm(f"Erase {user} and everything of theirs? There is no way back.", abort=True)
    asyncio.run(commands.erase_account(_settings(quiet=True), user))
    out.print(f"Erased: {user}.", highlight=False, markup=False)


User = Annotated[str, typer.Option(help="Whose keys: a user's name.")]


@keys.command("create")
def create_key(
    name: Annotated[str, typer.Option(help="What the key is for.")] = "key",
    user: Annotated[str, typer.Option(help="Whose key; a new name makes a new user.")] = "owner",
    scope: Annotated[
        list[str] | None,
        typer.Option(help="read, write, library or admin; repeatable. Without it: all."),
    ] = None,
    expires_in_days: Annotated[
        int | None, typer.Option(min=1, max=3650, help="Its life; without it, until revoked.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make an API key and print it, this once."""
    from crescendai import commands

    key = asyncio.run(
        commands.create_key(_settings(quiet=True), name, user, scope, expires_in_days)
    )
    if as_json:
        _print_json(key.model_dump(mode="json"))
    else:
        typer.echo(key.key)


@keys.command("list")
def list_keys(user: User = "owner", as_json: AsJson = False) -> None:
    """List a user's API keys with their scopes, their end and their last use."""
    from crescendai import commands

    made = asyncio.run(commands.list_keys(_settings(quiet=True), user))
    if as_json:
        _print_json({"items": [key.model_dump(mode="json") for key in made]})
        return
    table = Table()
    for heading in ("id", "key", "name", "scopes", "made", "last used", "state"):
        table.add_column(heading, overflow="fold")
    for key in made:
        times = (_day(key.created_at), _day(key.last_used_at))
        state = key.state if key.expires_at is None else f"{key.state} ({_day(key.expires_at)})"
        row = (str(key.id), f"{key.prefix}…", key.name, " ".join(key.scopes), *times, state)
        table.add_row(*map(Text, row))
    out.print(table)


@keys.command("revoke")
def revoke_key(
    key: Annotated[str, typer.Argument(help="The key's id, or what is shown of the key.")],
    user: User = "owner",
) -> None:
    """Revoke an API key: from now on it opens nothing."""
    from crescendai import commands

    revoked = asyncio.run(commands.revoke_key(_settings(quiet=True), key, user))
    out.print(f"Revoked {revoked.prefix}… ({revoked.name}).", highlight=False, markup=False)


def _day(at_ms: int | None) -> str:
    return "never" if at_ms is None else f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%d}"


@jobs.command("list")
def list_jobs(
    state: Annotated[
        str | None, typer.Option(help="queued, running, done or failed (given up).")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many, newest first.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List the newest jobs with their state; failed ones say why they were given up."""
    from crescendai import commands

    found = asyncio.run(commands.list_jobs(_settings(quiet=True), state, limit))
    if as_json:
        _print_json({"items": [job.model_dump(mode="json") for job in found]})
        return
    for job in found:
        about = " ".join(str(value) for value in job.about.values())
        line = f"{job.id}  {job.kind:20} {job.state:8} {about}  {job.error or ''}"
        out.print(line.rstrip(), highlight=False, markup=False, soft_wrap=True)


JobId = Annotated[UUID, typer.Argument(help="The job's id.")]


@jobs.command("retry")
def retry_job(job: JobId) -> None:
    """Do once more what was given up or cancelled."""
    from crescendai import commands

    asyncio.run(commands.retry_job(_settings(quiet=True), job))
    out.print("It waits to be done again.")


@jobs.command("cancel")
def cancel_job(job: JobId) -> None:
    """End a job that waits or runs."""
    from crescendai import commands

    asyncio.run(commands.cancel_job(_settings(quiet=True), job))
    out.print("Cancelled.")


BackupFolder = Annotated[Path, typer.Argument(help="The folder of the backup.")]


@app.command("backup")
def back_up(to: BackupFolder, as_json: AsJson = False) -> None:
    """Back up the embedded server, running or not, into a new folder."""
    from crescendai import backup

    with _bars() as bars:
        report = _counting(bars, "Objects")
        summary = asyncio.run(backup.back_up(_settings(quiet=True), to, report))
    _print_backup(summary, as_json)


@app.command()
def restore(backup_folder: BackupFolder, as_json: AsJson = False) -> None:
    """Put a backup into an empty data folder; nothing is ever overwritten."""
    from crescendai import backup

    with _bars() as bars:
        report = _counting(bars, "Objects")
        summary = asyncio.run(backup.restore(_settings(quiet=True), backup_folder, report))
    _print_backup(summary, as_json)


@app.command()
def verify(backup_folder: BackupFolder, as_json: AsJson = False) -> None:
    """Compare a backup with its checksums, and its rows with its objects."""
    from crescendai import backup

    _print_backup(asyncio.run(backup.verify(backup_folder)), as_json)


def _counting(bars: Progress, what: str) -> Callable[[int, int], None]:
    task = bars.add_task(what, total=None)
    return lambda done, total: bars.update(task, completed=done, total=total)


def _print_backup(summary: Summary, as_json: bool) -> None:
    if as_json:
        _print_json(asdict(summary))
        return
    out.print(
        f"Complete and whole: {sum(summary.rows.values())} rows, {summary.objects} objects, "
        f"{summary.size_bytes / 1e6:.1f} MB, of {_day(summary.created_at)}."
    )


@app.command()
def doctor(as_json: AsJson = False) -> None:
    """Check that everything the server needs is in place."""
    from crescendai import commands

    parts = asyncio.run(commands.examine(_settings(quiet=True)))
    if as_json:
        _print_json({name: part.model_dump() for name, part in parts.items()})
    else:
        for name, part in parts.items():
            mark = (part.status, "green" if part.status == "ok" else "red")
            out.print(Text.assemble(f"{name:12} ", mark, f"  {part.detail or ''}"))
    if any(part.status == "down" for part in parts.values()):
        raise typer.Exit(1)
