"""What the commands of the command line do, on the same services as the server."""

from __future__ import annotations

import asyncio
import glob
import hashlib
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, cast, get_args
from uuid import NAMESPACE_URL, UUID, uuid5

from crescendai.adapters import confinement
from crescendai.adapters.audio.files import FileAudioProbe
from crescendai.adapters.database.migrate import migrate
from crescendai.bootstrap.checks import build_checks
from crescendai.bootstrap.floor import Floor, open_floor, opened
from crescendai.bootstrap.services import build_services
from crescendai.bootstrap.slots import own_slot
from crescendai.errors import Conflict, CrescendError, InvalidInput, NotFound, Unavailable
from crescendai.identity.schemas import ApiKey, NewApiKey
from crescendai.identity.scopes import ALL_SCOPES, parse
from crescendai.identity.service import Caller
from crescendai.jobs.service import JobState
from crescendai.kit.clock import now_ms
from crescendai.kit.paging import MAX_LIMIT
from crescendai.knowledge import evaluation
from crescendai.knowledge.evaluation import Recall
from crescendai.knowledge.reindexing import REINDEX
from crescendai.knowledge.schemas import Document, IndexState, SearchResults, search_results
from crescendai.knowledge.service import KnowledgeService
from crescendai.ports.performance import Refused
from crescendai.recordings.analyze import overall_percent, to_analysis
from crescendai.recordings.schemas import Analysis
from crescendai.recordings.service import ANALYZE
from crescendai.settings import Settings
from crescendai.web.jobs import JobReport
from crescendai.web.pages import BUILD
from crescendai.web.status import Part, look

T = TypeVar("T")
Report = Callable[[str, int], None]
_LOOK_EVERY_SEC = 0.2
_BLOCK_BYTES = 1 << 20
_DOCUMENT_ENDINGS = frozenset(
    (".pdf", ".epub", ".docx", ".html", ".htm", ".xhtml", ".md", ".markdown", ".txt")
)


@dataclass(frozen=True)
class Outcome:
    """What became of one file given to ``ingest``."""

    path: Path
    document: Document | None
    error: str | None

    @property
    def failed(self) -> bool:
        return self.document is None or self.document.status == "failed"

    @property
    def summary(self) -> str:
        if self.document is None:
            return self.error or ""
        if self.document.problem is not None:
            return self.document.problem.reason
        return f"{self.document.title}: {self.document.chunk_count} passages, ready"

    def as_dict(self) -> dict[str, Any]:
        document = self.document.model_dump(mode="json") if self.document else None
        return {"path": str(self.path), "document": document, "error": self.error}


async def migrate_schema(settings: Settings) -> tuple[str | None, str]:
    floor = open_floor(settings)
    try:
        return await migrate(floor.database)
    finally:
        await floor.close()


async def create_key(
    settings: Settings,
    name: str,
    user: str,
    scopes: Sequence[str] | None,
    expires_in_days: int | None,
) -> NewApiKey:
    allowed = ALL_SCOPES if scopes is None else parse(scopes)
    async with opened(settings) as floor:
        identity = build_services(floor).identity
        return await identity.create_key(name, user, sorted(allowed), expires_in_days)


async def export_account(settings: Settings, user: str, path: Path) -> int:
    """Write everything of a user's to a new ZIP archive; its size in bytes."""
    async with opened(settings) as floor:
        services = build_services(floor)
        caller = await services.identity.known_user(user)
        async with services.account.exported(caller) as archive:
            with path.open("xb") as out, archive.open("rb") as found:
                shutil.copyfileobj(found, out)
            return path.stat().st_size


async def erase_account(settings: Settings, user: str) -> None:
    async with opened(settings) as floor:
        services = build_services(floor)
        await services.account.erase(await services.identity.known_user(user))


async def list_jobs(settings: Settings, state: str | None, limit: int) -> list[JobReport]:
    if state is not None and state not in get_args(JobState):
        raise InvalidInput(
            "state_unknown", f"{state!r} is not a state; there are {', '.join(get_args(JobState))}."
        )
    async with opened(settings) as floor:
        found = await build_services(floor).jobs.list(limit, cast(JobState | None, state))
    return [JobReport.model_validate(job) for job in found]


async def retry_job(settings: Settings, job_id: UUID) -> None:
    """Raises NotFound, or Conflict while there is nothing to do again."""
    async with opened(settings) as floor:
        services = build_services(floor)
        job = await services.jobs.get(job_id)
        if job.kind == REINDEX:
            await services.reindexing.ensure()
        elif job.owner_id is None:
            await services.knowledge.ensure_handbook()
        elif job.kind == ANALYZE:
            await services.recordings.retry(Caller(job.owner_id), UUID(job.about["recording_id"]))
        else:
            await services.knowledge.retry(Caller(job.owner_id), UUID(job.about["document_id"]))


async def cancel_job(settings: Settings, job_id: UUID) -> None:
    """Raises NotFound, or Conflict when it is over or the server's own."""
    async with opened(settings) as floor:
        services = build_services(floor)
        job = await services.jobs.get(job_id)
        if job.owner_id is None:
            raise Conflict("job_builtin", "This job is the server's own; it cannot be cancelled.")
        if job.kind == ANALYZE:
            await services.recordings.cancel(Caller(job.owner_id), UUID(job.about["recording_id"]))
        else:
            await services.knowledge.cancel(Caller(job.owner_id), UUID(job.about["document_id"]))


async def list_keys(settings: Settings, user: str) -> list[ApiKey]:
    async with opened(settings) as floor:
        identity = build_services(floor).identity
        return await identity.keys.list(await identity.known_user(user))


async def revoke_key(settings: Settings, key: str, user: str) -> ApiKey:
    """``key`` is an id, or the prefix that is shown; a prefix of two keys names neither."""
    async with opened(settings) as floor:
        identity = build_services(floor).identity
        caller = await identity.known_user(user)
        shown = key.rstrip("…")
        named = [k for k in await identity.keys.list(caller) if shown in (str(k.id), k.prefix)]
        if len(named) != 1:
            count = "no" if not named else f"{len(named)}"
            raise NotFound("api_key_missing", f"{user} has {count} API key {shown}; give its id.")
        return await identity.keys.revoke(caller, named[0].id)


async def search_library(settings: Settings, query: str, top_k: int) -> SearchResults:
    """The owner's search. A library that nobody has filled yet is filled first."""
    async with opened(settings) as floor:
        services = build_services(floor)
        owner = await services.identity.ensure_user()
        await services.knowledge.ensure_handbook()
        if not await _all_final(services.knowledge, owner):
            await _while_working(floor, _until_final(services.knowledge, owner))
        await services.search.warm_up()  # what that takes is not to cost a stage of the search
        return search_results(await services.search.search(owner, query, top_k))


async def list_documents(settings: Settings) -> list[Document]:
    """The owner's documents and the built-in ones, newest first."""
    async with opened(settings) as floor:
        services = build_services(floor)
        return await _list_all(services.knowledge, await services.identity.ensure_user())


async def remove_documents(settings: Settings, names: list[str]) -> list[Document]:
    """Remove documents of the owner's, each named by its id, its title or its file name.

    Raises NotFound when a name fits none and InvalidInput when it fits several; nothing is removed
    then.
    """
    async with opened(settings) as floor:
        services = build_services(floor)
        owner = await services.identity.ensure_user()
        own = [one for one in await _list_all(services.knowledge, owner) if not one.builtin]
        chosen = {one.document_id: one for one in (_named(own, name) for name in names)}
        for document_id in chosen:
            await services.knowledge.delete(owner, document_id)
        return list(chosen.values())


async def reindex(settings: Settings, report: Report) -> IndexState:
    """Read the library by the models of the settings, where others have; wait until it is done."""
    async with opened(settings) as floor:
        reindexing = build_services(floor).reindexing

        async def level() -> IndexState:
            while True:
                state = await reindexing.state()
                report("reading", state.percent)
                if state.percent == 100:
                    return state
                if not state.running:
                    raise Unavailable(
                        "reindexing_failed",
                        "The library could not be read anew; the server's log says why. The old "
                        "index goes on serving.",
                    )
                await asyncio.sleep(_LOOK_EVERY_SEC)

        if not await reindexing.ensure():
            return await reindexing.state()
        return await _while_working(floor, level())


async def evaluate(settings: Settings, path: Path, report: Report) -> Recall:
    """Ask the owner's search every question of a file that has an answer."""
    if not path.is_file():
        raise NotFound("file_missing", f"There is no file {path}.")
    questions = [one for one in evaluation.read_questions(path) if one.gold]
    async with opened(settings) as floor:
        services = build_services(floor)
        owner = await services.identity.ensure_user()
        await services.search.warm_up()
        held = await _list_all(services.knowledge, owner)
        files = {one.document_id: one.filename for one in held}
        ranks = []
        for number, question in enumerate(questions, start=1):
            answer = await services.search.search(owner, question.query, evaluation.DEPTH)
            ranks.append(evaluation.rank(answer.hits, question.gold, files))
            report("asking", 100 * number // len(questions))
    return evaluation.recall(ranks)


async def ingest_files(settings: Settings, paths: list[Path], report: Report) -> list[Outcome]:
    """Submit files, and every document in folders, as the owner's; wait until each is through."""
    files = list(dict.fromkeys(_documents(paths)))  # a folder and a pattern may name the same
    async with opened(settings) as floor:
        services = build_services(floor)
        owner = await services.identity.ensure_user()
        outcomes = [await _submit(services.knowledge, owner, path) for path in files]
        return await _while_working(
            floor, _all_through(services.knowledge, owner, outcomes, report)
        )


async def analyze_file(settings: Settings, path: Path, report: Report) -> Analysis:
    """Listen to a recording in this process. Its id is made of its bytes; nothing is stored."""
    if not path.is_file():
        raise NotFound("file_missing", f"There is no file {path}.")
    await FileAudioProbe().probe(path)
    from crescendai.bootstrap.worker import build_analyzer  # slow to import, as is all that hears

    began = now_ms()
    try:
        heard = await build_analyzer(settings, Path(tempfile.gettempdir())).analyze(
            path, lambda stage, share: report(stage, overall_percent(stage, share))
        )
    except Refused as refusal:
        raise InvalidInput(refusal.code, refusal.reason) from refusal
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    recording_id = uuid5(NAMESPACE_URL, f"sha256:{digest}")
    return to_analysis(heard, recording_id, now_ms() - began, now_ms())


async def examine(settings: Settings) -> dict[str, Part]:
    """The readiness checks, and whether models, web app and confinement are in place."""
    from crescendai.adapters.models.transkun import WEIGHTS_DIR, verify
    from crescendai.music.performance_model import PerformanceModel

    async def web_app() -> None:
        if not (BUILD / "index.html").is_file():
            raise Unavailable("web_app_missing", "It is not built: `make serve` builds it.")

    async def confinement_of_children() -> None:
        if lacking := confinement.missing():
            raise Unavailable(
                "confinement_missing",
                f"This system has no {' and no '.join(lacking)}: what opens uploaded files is "
                "limited in time and memory, but not kept from other files or the network.",
            )

    async with opened(settings) as floor:

        async def models() -> None:
            await asyncio.to_thread(verify, WEIGHTS_DIR)
            await asyncio.to_thread(PerformanceModel.load)
            await floor.text_models.embedder.embed(["piano"])

        checks = build_checks(floor) | {
            "models": models,
            "web app": web_app,
            "confinement": confinement_of_children,
        }
        return {name: await look(check) for name, check in checks.items()}


async def _list_all(service: KnowledgeService, owner: Caller) -> list[Document]:
    documents: list[Document] = []
    cursor = None
    while True:
        page = await service.list(owner, cursor, MAX_LIMIT)
        documents.extend(page.items)
        cursor = page.next_cursor
        if cursor is None:
            return documents


def _named(documents: Iterable[Document], name: str) -> Document:
    found = [one for one in documents if name in (str(one.document_id), one.title, one.filename)]
    if not found:
        raise NotFound("document_missing", f"The library has no document of yours called {name}.")
    if len(found) > 1:
        raise InvalidInput(
            "document_ambiguous",
            f"{len(found)} documents are called {name}; give the id that `library list` shows.",
        )
    return found[0]


def _documents(paths: Iterable[Path]) -> Iterable[Path]:
    for path in paths:
        if not path.exists() and glob.has_magic(str(path)):  # quoted, so that no shell did it
            yield from sorted(Path(p) for p in glob.glob(str(path), recursive=True))
        elif path.is_dir():
            yield from sorted(
                p for p in path.rglob("*") if p.is_file() and p.suffix.lower() in _DOCUMENT_ENDINGS
            )
        else:
            yield path


async def _submit(service: KnowledgeService, owner: Caller, path: Path) -> Outcome:
    if not path.is_file():
        return Outcome(path, None, f"There is no file {path}.")
    try:
        submitted = await service.submit(owner, path.name, _blocks(path), {})
    except CrescendError as error:
        return Outcome(path, None, error.message)
    return Outcome(path, submitted.document, None)


async def _blocks(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            yield block


async def _through(
    service: KnowledgeService, owner: Caller, outcome: Outcome, report: Report
) -> Outcome:
    if outcome.document is None:
        return outcome
    while True:
        document = await service.get(owner, outcome.document.document_id)
        report(outcome.path.name, document.percent)
        if document.status in ("ready", "failed"):
            return Outcome(outcome.path, document, None)
        await asyncio.sleep(_LOOK_EVERY_SEC)


async def _all_through(
    service: KnowledgeService, owner: Caller, outcomes: Iterable[Outcome], report: Report
) -> list[Outcome]:
    return [await _through(service, owner, outcome, report) for outcome in outcomes]


async def _all_final(service: KnowledgeService, owner: Caller) -> bool:
    page = await service.list(owner, None, 200)
    return all(document.status in ("ready", "failed") for document in page.items)


async def _until_final(service: KnowledgeService, owner: Caller) -> None:
    while True:
        if await _all_final(service, owner):
            return
        await asyncio.sleep(_LOOK_EVERY_SEC)


async def _while_working(floor: Floor, waiting: Coroutine[Any, Any, T]) -> T:
    """Wait for what a worker does: a running server's, or one in this process.

    Raises what keeps the worker from starting.
    """
    if (await look(build_checks(floor)["workers"])).status == "ok":
        return await waiting
    from crescendai.bootstrap.worker import run_worker  # slow to import, as is all that hears

    stop = asyncio.Event()
    worker = asyncio.create_task(run_worker(floor, own_slot(floor.settings), stop))
    waiter = asyncio.create_task(waiting)
    await asyncio.wait({worker, waiter}, return_when=asyncio.FIRST_COMPLETED)
    if worker.done():
        waiter.cancel()
    stop.set()
    await worker
    return await waiter
