"""The one place where things are joined: settings → adapters → services → app or worker."""

from __future__ import annotations

import asyncio
import errno
import gc
import hashlib
import logging
import os
import re
import shutil
import signal
import socket
import sys
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from uuid import UUID

import structlog
import uvicorn
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncSession

from crescendai.account.service import AccountService, Removers
from crescendai.account.sweep import sweep_orphans
from crescendai.adapters import confinement
from crescendai.adapters.audio.files import FileAudioProbe
from crescendai.adapters.cache.counted import CountedCache
from crescendai.adapters.cache.disk import DiskCache
from crescendai.adapters.cache.redis import RedisCache
from crescendai.adapters.changes.polled import PolledChanges
from crescendai.adapters.changes.redis import RedisChanges
from crescendai.adapters.database.engine import Database, sqlite_url
from crescendai.adapters.database.migrate import is_current, migrate
from crescendai.adapters.documents.process import ProcessParser
from crescendai.adapters.issuer.jwks import JwksUrl
from crescendai.adapters.models.fallback import FallbackModel
from crescendai.adapters.models.library_models import LibraryModels
from crescendai.adapters.models.local_analyzer import LocalAnalyzer
from crescendai.adapters.models.minilm import english_words
from crescendai.adapters.models.openai_chat import OpenAIChatModel
from crescendai.adapters.objects.folder import FolderObjectStore
from crescendai.adapters.objects.s3 import S3Account, S3ObjectStore
from crescendai.adapters.rate_limits.redis import RedisRateLimiter
from crescendai.adapters.rate_limits.sqlite import SqliteRateLimiter
from crescendai.adapters.redis.link import RedisLink
from crescendai.adapters.secret import server_secret
from crescendai.adapters.vectors.memory import MemoryVectorIndex
from crescendai.adapters.vectors.pgvector import PgVectorIndex
from crescendai.adapters.words.memory import MemoryWordIndex
from crescendai.chat.brief import Tutor
from crescendai.chat.careful import CarefulTutor
from crescendai.chat.checked import CheckedTutor
from crescendai.chat.ledger import Ledger
from crescendai.chat.prompts import read_prompt
from crescendai.chat.service import ChatService
from crescendai.chat.stream import ModelTutor
from crescendai.chat.tools import Toolbox
from crescendai.chat.turns import POLL_SEC, Turns
from crescendai.chat.tutor.engine import BuiltinTutor
from crescendai.errors import InvalidInput, Unavailable
from crescendai.feedback import findings, passages
from crescendai.feedback.service import FeedbackService
from crescendai.feedback.writer import FeedbackWriter
from crescendai.identity.service import IdentityService
from crescendai.identity.tokens import TokenVerifier
from crescendai.interop.completions import Completions
from crescendai.interop.conversations import Conversations
from crescendai.interop.feedback_turns import FeedbackTurns
from crescendai.interop.tool_server import ToolServer
from crescendai.jobs import repository as jobs_repository
from crescendai.jobs.service import Jobs
from crescendai.jobs.supervisor import Supervisor
from crescendai.jobs.worker import HEARTBEAT_SEC, Worker
from crescendai.kit.clock import now_ms
from crescendai.kit.process import end_with_parent, try_lock
from crescendai.kit.sql import Transactions
from crescendai.knowledge import repository as knowledge_repository
from crescendai.knowledge import tasks as knowledge_tasks
from crescendai.knowledge.ingestion import IngestionService
from crescendai.knowledge.models import TextModels
from crescendai.knowledge.reindexing import ReindexService
from crescendai.knowledge.search import KnowledgeSearch
from crescendai.knowledge.service import KnowledgeService
from crescendai.ports.rate_limit import RateLimiter
from crescendai.recordings import repository as recordings_repository
from crescendai.recordings import tasks as recordings_tasks
from crescendai.recordings.analyze import AnalysisService
from crescendai.recordings.direct import DirectUploads
from crescendai.recordings.performance import PerformanceService
from crescendai.recordings.progress import ProgressService
from crescendai.recordings.service import RecordingService
from crescendai.recordings.takes import TakeService
from crescendai.repeats.service import RepeatService
from crescendai.reports.service import ReportService
from crescendai.settings import Settings
from crescendai.sharing.service import SharingService
from crescendai.usage.quotas import Allowance, Quotas
from crescendai.usage.service import UsageService
from crescendai.web.app import Services, create_app
from crescendai.web.connections import patient
from crescendai.web.status import Check

log = structlog.get_logger(__name__)

_GRACE_SEC = 3
_LOCK_WITHIN_SEC = 10.0
_STOP_WITHIN_SEC = 8.0  # before the next worker of the slot stops waiting for the lock


@dataclass(frozen=True)
class Floor:
    """The opened adapters that everything stands on. Models load at their first use."""

    settings: Settings
    database: Database
    objects: FolderObjectStore | S3ObjectStore
    redis: RedisLink | None
    cache: DiskCache | RedisCache
    changes: PolledChanges | RedisChanges
    counted_cache: CountedCache
    library_models: LibraryModels
    language_model: OpenAIChatModel | FallbackModel | None

    @property
    def text_models(self) -> TextModels:
        return self.library_models.text_models

    async def close(self) -> None:
        if self.language_model is not None:
            await self.language_model.close()
        await self.library_models.close()
        await self.changes.close()
        await self.cache.close()
        if self.redis is not None:
            await self.redis.close()
        await self.database.close()


def open_floor(settings: Settings) -> Floor:
    """Raises InvalidInput when the data folder cannot be used."""
    data = settings.data_dir
    try:
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not os.access(data, os.W_OK):
            raise OSError(errno.EROFS, "it may not be written to")
        redis = None if settings.cache_url is None else RedisLink(settings.cache_url)
        cache = DiskCache((data / "cache").resolve()) if redis is None else RedisCache(redis)
        return Floor(
            settings=settings,
            database=Database(
                settings.postgresql_url or sqlite_url(data.resolve()), settings.database_connections
            ),
            objects=open_objects(settings),
            redis=redis,
            cache=cache,
            changes=PolledChanges() if redis is None else RedisChanges(redis),
            counted_cache=CountedCache(cache),
            library_models=LibraryModels(settings),
            language_model=_open_language_model(settings),
        )
    except OSError as error:
        raise InvalidInput(
            "data_dir_unusable",
            f"CRESCENDAI_DATA_DIR is {data}, which cannot be used: {error.strerror}.",
        ) from error


def open_objects(settings: Settings) -> FolderObjectStore | S3ObjectStore:
    data = settings.data_dir.resolve()
    if settings.objects_url is None:
        secret = server_secret(data, settings.given_secret)
        return FolderObjectStore(data / "objects", secret)
    s3_secret = settings.s3_secret_access_key
    account = S3Account(
        endpoint=settings.s3_endpoint,
        region=settings.s3_region,
        access_key_id=settings.s3_access_key_id,
        secret_access_key=None if s3_secret is None else s3_secret.get_secret_value(),
    )
    return S3ObjectStore(settings.objects_url, account, data / "scratch" / "objects")


def _open_language_model(settings: Settings) -> OpenAIChatModel | FallbackModel | None:
    if settings.language_model is None:
        return None
    url, key = settings.language_model
    first = OpenAIChatModel(base_url=url, api_key=key, model=settings.llm_model)
    if settings.llm_fallback_url is None:
        return first
    second = OpenAIChatModel(
        base_url=settings.llm_fallback_url,
        api_key=settings.key_of(settings.llm_fallback_api_key),
        model=settings.llm_fallback_model or settings.llm_model,
    )
    return FallbackModel(first, second)


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Floor]:
    """A floor on an up-to-date schema, closed at the end of the block."""
    floor = open_floor(settings)
    try:
        await migrate(floor.database)
        yield floor
    finally:
        await floor.close()


def build_services(floor: Floor) -> Services:
    settings, transactions = floor.settings, floor.database.transactions
    usage = UsageService(transactions)
    quotas = build_quotas(settings, transactions)
    recordings = RecordingService(
        transactions=transactions,
        objects=floor.objects,
        probe=FileAudioProbe(),
        cache=floor.counted_cache,
        changes=floor.changes,
        max_upload_bytes=settings.max_upload_bytes,
        meter=quotas,
    )
    direct = DirectUploads(
        transactions=transactions,
        objects=floor.objects,
        recordings=recordings,
        max_upload_bytes=settings.max_upload_bytes,
        meter=quotas,
    )
    search = KnowledgeSearch(
        transactions=transactions,
        models=floor.text_models,
        open_index=MemoryVectorIndex
        if settings.postgresql_url is None
        else lambda: PgVectorIndex(transactions),
        words=MemoryWordIndex(transactions, english_words()),
        cache=floor.counted_cache,
    )
    knowledge = KnowledgeService(
        transactions=transactions,
        objects=floor.objects,
        max_document_bytes=settings.max_upload_bytes,
        admit=quotas.admit,
    )
    chat = ChatService(transactions)
    toolbox = Toolbox(
        search=search, recordings=recordings, contexts=chat, takes=TakeService(recordings)
    )
    tutor, writer = build_tutor(floor, usage)
    turn_changes = PolledChanges(POLL_SEC) if floor.redis is None else floor.changes
    turns = Turns(
        chat=chat,
        tutor=tutor,
        toolbox=toolbox,
        ledger=Ledger(transactions, settings.data_dir.resolve() / "turns", turn_changes),
        changes=turn_changes,
    )
    conversations = Conversations(chat=chat, cache=floor.cache)
    performance = PerformanceService(recordings=recordings)
    feedback = FeedbackService(
        transactions=transactions,
        recordings=recordings,
        search=search,
        writer=writer,
        meter=usage,
    )
    return Services(
        identity=IdentityService(
            transactions, settings.auth == "required", build_token_verifier(settings)
        ),
        recordings=recordings,
        direct=direct,
        progress=ProgressService(transactions=transactions, recordings=recordings),
        performance=performance,
        knowledge=knowledge,
        reindexing=ReindexService(transactions=transactions, models=floor.text_models),
        search=search,
        chat=chat,
        turns=turns,
        completions=Completions(turns=turns, conversations=conversations),
        tool_server=ToolServer(toolbox),
        feedback=feedback,
        sharing=SharingService(
            transactions=transactions,
            recordings=recordings,
            performances=performance,
            advice=feedback,
        ),
        reports=ReportService(recordings=recordings, advice=feedback),
        feedback_turns=FeedbackTurns(turns=turns, feedback=feedback),
        usage=usage,
        jobs=Jobs(transactions),
        account=AccountService(
            transactions=transactions,
            objects=floor.objects,
            cache=floor.counted_cache,
            removers=Removers(
                recordings=recordings.remove,
                knowledge_documents=knowledge.delete,
                chat_sessions=turns.delete_session,
                pending_uploads=direct.give_up,
            ),
            forget=feedback.forget,
            database=floor.database,
            scratch=settings.data_dir.resolve() / "scratch" / "exports",
        ),
        quotas=quotas,
        repeats=RepeatService(transactions),
    )


def build_quotas(settings: Settings, transactions: Transactions) -> Quotas:
    """None for the owner of a server that is theirs alone."""
    own = settings.auth == "local"
    allowance = Allowance(
        analysis_minutes=0 if own else settings.daily_analysis_minutes,
        llm_tokens=0 if own else settings.daily_llm_tokens,
        storage_bytes=0 if own else settings.storage_mb * 1024 * 1024,
    )

    async def promised(session: AsyncSession, owner_id: UUID) -> int:
        pending = await recordings_repository.pending_uploads(session, owner_id, now_ms())
        return pending * settings.max_upload_bytes

    stored = [recordings_repository.stored_bytes, knowledge_repository.stored_bytes, promised]
    return Quotas(transactions, allowance, stored)


def build_token_verifier(settings: Settings) -> TokenVerifier | None:
    if settings.jwt_issuer is None:
        return None
    return TokenVerifier(
        issuer=settings.jwt_issuer,
        audience=settings.jwt_audience,
        source=JwksUrl(settings.jwks_url),
    )


def build_tutor(floor: Floor, usage: UsageService) -> tuple[Tutor, FeedbackWriter | None]:
    """Who answers and who writes feedback: a language model, or what is built in."""
    model = floor.language_model
    builtin = CheckedTutor(BuiltinTutor(ear=findings, reader=passages), trusted=True)
    if model is None:
        return builtin, None
    tokens = floor.settings.llm_history_tokens
    answering = CheckedTutor(
        ModelTutor(model=model, meter=usage, history_tokens=tokens), read_prompt("tutor").text
    )
    writer = FeedbackWriter(model=model, cache=floor.counted_cache)
    return CarefulTutor(tutor=answering, careful=builtin), writer


def build_analyzer(settings: Settings, scratch: Path) -> LocalAnalyzer:
    return LocalAnalyzer(threads=settings.analysis_threads, scratch=scratch)


def _scratch(settings: Settings, slot: str) -> Path:
    return settings.data_dir.resolve() / "scratch" / slot


def build_worker(floor: Floor, slot: str) -> Worker:
    transactions = floor.database.transactions
    analysis = AnalysisService(
        transactions=transactions,
        objects=floor.objects,
        changes=floor.changes,
        analyzer=build_analyzer(floor.settings, _scratch(floor.settings, slot)),
    )
    ingestion = IngestionService(
        transactions=transactions,
        objects=floor.objects,
        parser=ProcessParser(),
        models=floor.text_models,
    )
    reindexing = ReindexService(transactions=transactions, models=floor.text_models)
    return Worker(
        transactions,
        handlers={
            **recordings_tasks.handlers(analysis),
            **knowledge_tasks.handlers(ingestion, reindexing),
        },
        engine_url=floor.settings.postgresql_url
        or f"sqlite:///{floor.settings.data_dir.resolve() / 'jobs.db'}",
        slot=slot,
    )


def build_checks(floor: Floor) -> dict[str, Check]:
    """What ``/api/ready`` looks at."""

    async def workers() -> None:
        since = now_ms() - int(3 * HEARTBEAT_SEC * 1000)
        async with floor.database.transactions.read() as session:
            if await jobs_repository.count_alive(session, since) == 0:
                raise Unavailable("workers_down", "No analysis worker is running.")

    async def schema() -> None:
        if not await is_current(floor.database):
            raise Unavailable("schema_old", "The schema is not up to date: `crescendai migrate`.")

    return {
        "database": floor.database.ping,
        "schema": schema,
        "objects": floor.objects.ping,
        "cache": floor.cache.ping,
        "workers": workers,
    }


async def prepare(floor: Floor, services: Services) -> None:
    """What is done once, before the first of a server's processes serves."""
    await migrate(floor.database)
    await services.identity.ensure_user()
    await services.knowledge.ensure_handbook()
    await services.reindexing.ensure()
    await floor.objects.remove_unfinished()
    await sweep_orphans(floor.database.transactions, floor.objects)


def build_app(
    settings: Settings, announce: Callable[[], None] | None = None, alone: bool = True
) -> FastAPI:
    """The web application; opening and closing belongs to its lifespan.

    ``alone`` it prepares the data folder and starts the worker processes that the settings ask
    for; otherwise whoever starts it has done so.
    """
    floor = open_floor(settings)
    services = build_services(floor)
    local_limiter = SqliteRateLimiter(settings.data_dir / "limits.db")
    limiter: RateLimiter = local_limiter
    if floor.redis is not None:
        limiter = RedisRateLimiter(floor.redis, local_limiter)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        if lacking := confinement.missing():
            log.warning("confinement.missing", lacking=lacking)
        if alone:
            await prepare(floor, services)
        await services.turns.open()
        await services.tool_server.open()
        warming = asyncio.create_task(services.search.warm_up())
        supervision = asyncio.create_task(supervisor(settings if alone else None).run())
        gc.freeze()  # what is here by now stays; looking through it takes a tenth of a second
        if announce is not None:
            announce()
        try:
            yield
        finally:
            await services.tool_server.close()
            await services.turns.close()
            for task in (warming, supervision):
                task.cancel()
            await asyncio.gather(warming, supervision, return_exceptions=True)
            local_limiter.close()
            await floor.close()

    app = create_app(
        settings,
        services,
        build_checks(floor),
        lifespan,
        limiter=limiter,
        secret=server_secret(settings.data_dir, settings.given_secret),
    )
    app.state.signed_objects = (
        floor.objects if isinstance(floor.objects, FolderObjectStore) else None
    )
    app.state.registry.register(floor.counted_cache.registry)
    return app


def supervisor(settings: Settings | None) -> Supervisor:
    """Of the workers that the settings ask for, or of none."""
    slots = [own_slot(settings, n) for n in range(settings.workers)] if settings else []
    return Supervisor(_worker_command, slots)


def own_slot(settings: Settings, number: int = 0) -> str:
    """A worker's name, the same after a restart. In PostgreSQL those of many machines meet."""
    if settings.postgresql_url is None:
        return f"worker-{number}"
    place = f"{socket.gethostname()}:{settings.data_dir.resolve()}"
    return f"worker-{number}-{hashlib.sha256(place.encode()).hexdigest()[:8]}"


def _worker_command(slot: str) -> list[str]:
    return [sys.executable, "-m", "crescendai", "worker", "--slot", slot, "--with-parent"]


def serve(settings: Settings, announce: Callable[[int], None]) -> None:
    """Serve until SIGINT or SIGTERM; running answers may end first, a second signal ends them.

    ``announce`` is told the port. Raises Unavailable, before anything is started, when the address
    cannot be listened on or the database cannot be used.
    """
    with listen(settings.host, settings.port) as listener:
        asyncio.run(_prepare(settings))
        port = listener.getsockname()[1]
        serve_at(listener, build_app(settings, lambda: announce(port)), settings)


def serve_at(listener: socket.socket, app: FastAPI, settings: Settings) -> None:
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        http=patient(settings.patience_sec),
        ws="none",
        timeout_graceful_shutdown=_GRACE_SEC,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies),
    )
    logging.getLogger("uvicorn.error").addFilter(_is_no_cut_stream)
    server = _DrainingServer(config, app.state.turns, settings.drain_sec)
    server.run(sockets=[listener])
    if not server.started:
        raise SystemExit(1)


class _DrainingServer(uvicorn.Server):
    """Before it closes its connections, it lets running answers come to their end."""

    def __init__(self, config: uvicorn.Config, turns: Turns, drain_sec: float) -> None:
        super().__init__(config)
        self._turns = turns
        self._drain_sec = drain_sec

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await self._turns.drain(self._drain_sec, lambda: self.force_exit)
        await super().shutdown(sockets)


async def _prepare(settings: Settings) -> None:
    async with opened(settings):
        pass


def listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        cause = str(error.strerror).partition(" (")[0]  # Python puts the address behind it
        raise Unavailable(
            "address_unusable",
            f"The server cannot listen on {host}, port {port}: {cause}. Stop what uses it, or "
            "choose another one with --port.",
        ) from error


def _is_no_cut_stream(record: logging.LogRecord) -> bool:
    """False for the traceback that uvicorn logs of each stream it cuts when it stops."""
    return not (record.exc_info and isinstance(record.exc_info[1], asyncio.CancelledError))


async def work(settings: Settings, slot: str | None, with_parent: bool) -> None:
    """Be a worker until SIGINT or SIGTERM. Jobs then running are done again by the next one."""
    if with_parent:
        end_with_parent()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def end() -> None:
        stop.set()
        patience = threading.Timer(_STOP_WITHIN_SEC, os._exit, (1,))
        patience.daemon = True  # a worker that cannot stop must not keep its slot from the next
        patience.start()

    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, end)
    async with opened(settings) as floor:
        await run_worker(floor, slot or own_slot(settings), stop)
    sys.stderr.flush()
    os._exit(0)  # a listening thread may be deep inside the model; its job is durable


async def run_worker(floor: Floor, slot: str, stop: asyncio.Event) -> None:
    """Work in a slot until ``stop``. Raises Unavailable when another process holds the slot."""
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", slot):
        raise InvalidInput("slot_invalid", "A --slot is made of letters, digits, - and _ only.")
    with await _hold_slot(floor.settings.data_dir / f"{slot}.lock", slot):
        # what a predecessor left behind when it was ended in the middle of an analysis
        await asyncio.to_thread(shutil.rmtree, _scratch(floor.settings, slot), ignore_errors=True)
        await build_worker(floor, slot).run(stop)


async def _hold_slot(path: Path, slot: str) -> IO[bytes]:
    deadline = asyncio.get_running_loop().time() + _LOCK_WITHIN_SEC
    while True:
        lock = try_lock(path)
        if lock is not None:
            return lock
        if asyncio.get_running_loop().time() > deadline:
            raise Unavailable(
                "slot_taken",
                f"Another process works in the slot {slot} of this data folder; stop it, or "
                "choose another --slot.",
            )
        await asyncio.sleep(0.2)
