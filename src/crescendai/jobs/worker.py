"""The Worker: hands queued rows to the durable execution engine and runs their handlers.

The engine (DBOS) keeps its own state: in a SQLite file beside ours, or in a schema of its own in
our PostgreSQL database. Its workflow id is our row's id, so handing a row over twice starts it
once. A workflow whose process died is started again by the next worker of the same slot; any worker
queues again what nobody carries out, as when a slot has given no sign of life for
``LOST_AFTER_SEC``. Handlers are coroutines on the worker's own event loop; the engine's threads
only wait for them.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any
from uuid import UUID

import structlog
from dbos import DBOS, SetEnqueueOptions, SetWorkflowID
from sqlalchemy import make_url
from sqlalchemy.exc import DBAPIError, OperationalError

from crescendai.errors import CrescendError
from crescendai.jobs import repository
from crescendai.jobs.service import HEARTBEAT_SEC, Handler
from crescendai.jobs.tables import JobRow
from crescendai.kit.clock import DAY_MS, now_ms
from crescendai.kit.sql import Transactions

QUEUE = "crescendai-jobs"
APPLICATION_VERSION = "crescendai-jobs-1"  # fixed: jobs outlive releases
MAX_ATTEMPTS = 3
POLL_SEC = 0.2
LOST_AFTER_SEC = 6 * HEARTBEAT_SEC
DONE_KEPT_DAYS = 7
FAILED_KEPT_DAYS = 90
RETRY_SEC = 2.0
_BATCH = 20
_LOOKED_AT = 1000
_ENGINE_CONNECTIONS = 5

log = structlog.get_logger(__name__)


class Worker:
    """One worker process's loop. One instance a process: the engine is a process-wide singleton.

    ``engine_url`` is where the engine keeps its state: ``sqlite:///path`` or ``postgresql://…``.
    ``slot`` names the worker; give each running worker another one and keep it over restarts.
    ``concurrency`` is how many jobs run at a time.
    """

    def __init__(
        self,
        transactions: Transactions,
        handlers: Mapping[str, Handler],
        engine_url: str,
        slot: str = "worker-0",
        concurrency: int = 2,
        lost_after_sec: float = LOST_AFTER_SEC,
    ) -> None:
        self._transactions = transactions
        self._handlers = handlers
        self._engine_url = engine_url
        self._slot = slot
        self._concurrency = concurrency
        self._lost_after_sec = lost_after_sec
        self._loop: asyncio.AbstractEventLoop | None = None
        self._workflow: Any = None
        self._running: set[UUID] = set()
        self._stray: set[UUID] = set()

    async def run(self, stop: asyncio.Event) -> None:
        """Work until ``stop`` is set.

        Jobs then running are started again by the next worker of the slot, and being interrupted
        does not count as one of their attempts.
        """
        self._loop = asyncio.get_running_loop()
        await asyncio.to_thread(self._launch)
        log.info("worker.started", slot=self._slot)
        try:
            await asyncio.gather(self._relay(stop), self._heartbeat(stop), self._tidy(stop))
        finally:
            async with self._transactions.write() as session:
                await repository.note_gone(session, self._slot)
                await repository.take_back_attempts(session, self._running)
            await asyncio.to_thread(DBOS.destroy, workflow_completion_timeout_sec=0)

    def _launch(self) -> None:
        url = make_url(self._engine_url)
        if url.drivername == "sqlite":
            with sqlite3.connect(url.database or "") as connection:
                connection.execute("PRAGMA journal_mode=WAL")
        DBOS(
            config={
                "name": "crescendai",
                "system_database_url": self._engine_url,
                "sys_db_pool_size": _ENGINE_CONNECTIONS,
                "executor_id": self._slot,
                "application_version": APPLICATION_VERSION,
                "log_level": "WARNING",
                "notification_listener_polling_interval_sec": 1.0,
            }
        )

        def run_job(job_id: str) -> None:
            self._run_job(job_id)

        self._workflow = DBOS.workflow(name="run_job", max_recovery_attempts=100)(run_job)
        DBOS.launch()
        DBOS.register_queue(
            QUEUE, worker_concurrency=self._concurrency, polling_interval_sec=POLL_SEC
        )

    def _run_job(self, job_id: str) -> None:
        """The durable workflow, on one of the engine's threads."""
        if self._loop is None:
            raise RuntimeError("The worker is not running.")
        future = asyncio.run_coroutine_threadsafe(self._execute(UUID(job_id)), self._loop)
        future.result()

    async def _execute(self, job_id: UUID) -> None:
        """Carry a job out. A database in trouble delays it: to the engine, raising would end it."""
        self._running.add(job_id)
        try:
            while True:
                try:
                    return await self._carry_out(job_id)
                except OperationalError as error:
                    log.warning("worker.database_trouble", error=str(error.orig))
                await asyncio.sleep(RETRY_SEC)
        finally:
            self._running.discard(job_id)

    async def _carry_out(self, job_id: UUID) -> None:
        delay_sec = 0.5
        while True:
            async with self._transactions.write() as session:
                job = await repository.begin_attempt(session, job_id)
            if job is None:
                return
            handler = self._handlers[job.kind]
            if job.attempts > MAX_ATTEMPTS:
                await self._give_up(handler, job, "The work kept crashing.")
                return
            try:
                await handler.run(job.payload)
            except Exception as error:
                log.warning("job.failed", job=str(job_id), kind=job.kind, exc_info=error)
                if job.attempts >= MAX_ATTEMPTS:
                    await self._give_up(handler, job, _reason(error))
                    return
                await asyncio.sleep(delay_sec)
                delay_sec *= 2
                continue
            async with self._transactions.write() as session:
                await repository.finish(session, job_id, job.attempts, None, now_ms())
            log.info("job.done", job=str(job_id), kind=job.kind)
            return

    async def _give_up(self, handler: Handler, job: JobRow, reason: str) -> None:
        await handler.gave_up(job.payload, reason)
        async with self._transactions.write() as session:
            await repository.finish(session, job.id, job.attempts, reason, now_ms())
        log.error("job.gave_up", job=str(job.id))

    async def _relay(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                async with self._transactions.read_once() as session:
                    jobs = await repository.queued(session, _BATCH)
                if jobs:
                    await asyncio.to_thread(self._hand_over, jobs)
                    async with self._transactions.write() as session:
                        await repository.mark_dispatched(session, [job_id for job_id, _ in jobs])
            except DBAPIError as error:
                log.warning("worker.database_trouble", error=str(error.orig))
            await _sleep(stop, POLL_SEC)

    def _hand_over(self, jobs: Sequence[tuple[UUID, int]]) -> None:
        for job_id, priority in jobs:
            with SetWorkflowID(str(job_id)), SetEnqueueOptions(priority=priority):
                DBOS.enqueue_workflow(QUEUE, self._workflow, str(job_id))

    async def _heartbeat(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                async with self._transactions.write() as session:
                    await repository.note_alive(session, self._slot, now_ms())
            except DBAPIError as error:
                log.warning("worker.database_trouble", error=str(error.orig))
            await _sleep(stop, HEARTBEAT_SEC)

    async def _tidy(self, stop: asyncio.Event) -> None:
        """Take over what lost workers left, and forget what was over long ago."""
        while not stop.is_set():
            await _sleep(stop, self._lost_after_sec / 2)
            try:
                await self._take_over()
                await self._forget()
            except DBAPIError as error:
                log.warning("worker.database_trouble", error=str(error.orig))

    async def _take_over(self) -> None:
        """Queue again what was handed over and nobody carries out, when it is found so twice.

        That is the work of lost workers, and what the engine holds for over, or does not know,
        although its end was never noted: a process that dies, or that is cut off from one of the
        databases, can leave that behind between two steps.
        """
        since = now_ms() - int(self._lost_after_sec * 1000)
        async with self._transactions.read() as session:
            handed_over = await repository.dispatched(session, _LOOKED_AT)
            alive = await repository.alive_slots(session, since) - {self._slot}
        stray = await asyncio.to_thread(self._not_carried_out, handed_over, alive)
        again, self._stray = stray & self._stray, stray
        if not again:
            return
        async with self._transactions.write() as session:
            held = await repository.hold_dispatched(session, again)
            stray = await asyncio.to_thread(self._not_carried_out, held, alive)
            await asyncio.to_thread(DBOS.delete_workflows, [str(job_id) for job_id in stray])
            await repository.queue_again(session, stray)
        log.warning("worker.took_over", slot=self._slot, jobs=sorted(map(str, stray)))

    def _not_carried_out(self, job_ids: Sequence[UUID], alive: set[str]) -> set[UUID]:
        """Those that neither wait in the engine, nor run here, nor in one of the other slots."""
        known = DBOS.list_workflows(
            workflow_ids=[str(job_id) for job_id in job_ids],
            status=["ENQUEUED", "DELAYED", "PENDING"],
            load_input=False,
            load_output=False,
        )
        carried_out = {
            UUID(workflow.workflow_id)
            for workflow in known
            if workflow.status != "PENDING" or workflow.executor_id in alive
        }
        return set(job_ids) - carried_out - self._running

    async def _forget(self) -> None:
        async with self._transactions.write() as session:
            await repository.forget(session, "done", now_ms() - DONE_KEPT_DAYS * DAY_MS)
            await repository.forget(session, "failed", now_ms() - FAILED_KEPT_DAYS * DAY_MS)


def _reason(error: Exception) -> str:
    if isinstance(error, CrescendError):
        return error.message
    return "Something unexpected went wrong while working on this; the log has the details."


async def _sleep(stop: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
