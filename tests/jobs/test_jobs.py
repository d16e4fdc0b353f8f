"""What people see of jobs: by HTTP their own, by the command line everybody's."""

from __future__ import annotations

import json
from pathlib import Path
from uuid import UUID

from crescendai.adapters.database.engine import Database, sqlite_url
from crescendai.jobs import repository
from crescendai.jobs.service import Jobs, enqueue
from crescendai.kit.ids import new_id
from crescendai.kit.sql import Transactions
from tests.conftest import MakeRecording
from tests.fixtures.command_line import command
from tests.fixtures.in_process import in_process
from tests.test_cli import assert_one_sentence


async def test_jobs_are_told_by_state_and_owner(transactions: Transactions) -> None:
    one, other = new_id(), new_id()
    async with transactions.write() as session:
        waiting = await enqueue(session, "quick", {"n": 1}, owner_id=one)
        failed = await enqueue(session, "quick", {"n": 2}, owner_id=one)
        running = await enqueue(session, "quick", {"n": 3}, owner_id=other)
        for job_id in (failed, running):
            await repository.begin_attempt(session, job_id)
        await repository.finish(session, failed, 1, "The reason.", 7)
        await repository.finish(session, failed, 1, "Too late.", 8)
        await repository.finish(session, running, 0, "An attempt of before.", 8)
    jobs = Jobs(transactions)
    assert [job.id for job in await jobs.list(10, "queued")] == [waiting]
    assert [job.id for job in await jobs.list(10, "running")] == [running]
    assert {job.id for job in await jobs.list(10, owner_id=one)} == {waiting, failed}
    (given_up,) = await jobs.list(10, "failed")
    assert (given_up.error, given_up.attempts, given_up.finished_at) == ("The reason.", 1, 7)


async def test_a_job_that_was_given_up_is_seen_and_done_again(
    tmp_path: Path, recording: MakeRecording
) -> None:
    data = tmp_path / "data"
    async with in_process(data) as client:
        files = {"file": ("take.wav", recording(".wav", seconds=5).read_bytes())}
        recording_id = (await client.post("/api/upload", files=files)).json()["recording_id"]
        (job,) = (await client.get("/api/jobs?state=queued")).json()["items"]
        assert job["kind"] == "recordings.analyze"
        assert job["about"] == {"recording_id": recording_id}
        cancelled = command(tmp_path, "jobs", "cancel", job["id"])
        assert cancelled.returncode == 0, cancelled.stderr
        found = (await client.get(f"/api/recordings/{recording_id}")).json()
        assert found["status"] == "cancelled"
        await _give_up(data, UUID(job["id"]))
        (dead,) = (await client.get("/api/jobs?state=failed")).json()["items"]
        assert dead["error"] == "It broke."
        listed = command(tmp_path, "jobs", "list", "--state", "failed", "--json")
        assert [one["id"] for one in json.loads(listed.stdout)["items"]] == [job["id"]]
        assert command(tmp_path, "jobs", "retry", job["id"]).returncode == 0
        found = (await client.get(f"/api/recordings/{recording_id}")).json()
        assert found["status"] == "queued"
        again = command(tmp_path, "jobs", "retry", job["id"])
        assert_one_sentence(again, "nothing to redo")


async def _give_up(data: Path, job_id: UUID) -> None:
    database = Database(sqlite_url(data))
    async with database.transactions.write() as session:
        await repository.begin_attempt(session, job_id)
        await repository.finish(session, job_id, 1, "It broke.", 1)
    await database.close()
