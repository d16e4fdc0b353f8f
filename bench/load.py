"""A thousand people at once: ``python -m bench.load [--users 1000] [--minutes 2] [--workers 0]``.

The production stack on this machine: PostgreSQL with pgvector, Redis, an S3 server, and one or two
web processes with authentication by tokens. Everybody does something every 30 seconds on average:
70 % read, 20 % ask the tutor (a scripted model streams 50 tokens, one every 20 ms), 5 % upload a
recording, 5 % search the library. The client that plays them shares the machine's cores. Afterwards
64 connections read as fast as they are answered, which shows what a second process adds.

Prints the rows for ``bench/RESULTS.md`` and what used the processor. Analyses are left to other
machines (``--workers 0``).
"""

from __future__ import annotations

import argparse
import asyncio
import random
import resource
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from pathlib import Path

import aiohttp
import numpy as np
import uvloop

from bench.processor_time import described, used_sec
from bench.streaming import helper, server_of
from bench.streams import read_stream
from tests.fixtures.engines import production
from tests.fixtures.issuer import Issuer, issuing
from tests.fixtures.running import Server, handbook_is_ready, resident_mb, running, wait_until
from tests.fixtures.sounds import silent_take

THINK_SEC, WARM_UP_SEC = 30.0, 10.0
TOKENS = 50
LIMITS = {"read": "p95 500"}
HAMMERS, HAMMER_SEC = 64, 15.0
READS = ("/api/recordings", "/api/chat/sessions", "/api/progress", "/api/context",
         "/api/knowledge/documents?limit=20")  # fmt: skip
SEARCHES = ("muddy pedal", "even scales", "voicing a melody", "memorising a fugue", "soft trills",
            "rubato", "leaps in the left hand", "nerves before a concert")  # fmt: skip


@dataclass
class Seen:
    """Milliseconds of each kind of answer, what went wrong, and how late the tokens came."""

    took_ms: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    wrong: list[str] = field(default_factory=list)
    late_ms: list[float] = field(default_factory=list)
    early_ms: list[float] = field(default_factory=list)
    """Of reads while everybody is new and the server's processes warm up."""


@dataclass
class User:
    """Somebody with a token of their own; ``own`` are the paths of what they have sent."""

    port: int
    token: str
    seen: Seen
    client: aiohttp.ClientSession
    random: random.Random
    own: list[str] = field(default_factory=list)

    async def live(self, until: float) -> None:
        warm_at = time.perf_counter() + WARM_UP_SEC
        await asyncio.sleep(self.random.uniform(0, THINK_SEC))
        while time.perf_counter() < until:
            kind = self.random.choices(("read", "stream", "upload", "search"), (70, 20, 5, 5))[0]
            began = time.perf_counter()
            try:
                await getattr(self, kind)()
                took_ms = (time.perf_counter() - began) * 1000
                self.seen.took_ms[kind].append(took_ms)
                if kind == "read" and began < warm_at:
                    self.seen.early_ms.append(took_ms)
            except Exception as error:  # noqa: BLE001 - counted, whatever it is
                self.seen.wrong.append(f"{kind}: {error!r}")
            thinks_sec = self.random.expovariate(1 / THINK_SEC)
            await asyncio.sleep(min(thinks_sec, max(0.0, until - time.perf_counter())))

    async def read(self) -> None:
        await self._get(self.random.choice((*READS, *self.own)))

    async def search(self) -> None:
        await self._get(f"/api/knowledge/search?q={self.random.choice(SEARCHES)}")

    async def stream(self) -> None:
        body: dict[str, object] = {"message": f"Please say {TOKENS} words."}
        read = (await read_stream(self.port, "/api/chat", body, self.token)).read()
        if read.tokens != TOKENS:
            raise AssertionError(f"{read.tokens} of {TOKENS} tokens")
        self.seen.late_ms.extend(read.late_ms)

    async def upload(self) -> None:
        form = aiohttp.FormData()
        form.add_field("file", silent_take(self.random), filename="take.wav")
        async with self.client.post(self._url("/api/upload"), data=form, headers=self._who) as got:
            if got.status != 201:
                raise AssertionError(f"{got.status} {await got.text()}")
            self.own.append(f"/api/recordings/{(await got.json())['recording_id']}")

    async def _get(self, path: str) -> None:
        async with self.client.get(self._url(path), headers=self._who) as got:
            if got.status != 200:
                raise AssertionError(f"{path}: {got.status} {await got.text()}")
            await got.read()

    def _url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    @property
    def _who(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


async def crowd(server: Server, issuer: Issuer, users: int, minutes: float) -> Seen:
    seen = Seen()
    limitless = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=limitless) as client:
        everybody = [
            User(server.port, token_of(issuer, number), seen, client, random.Random(number))
            for number in range(users)
        ]
        until = time.perf_counter() + THINK_SEC + minutes * 60
        await asyncio.gather(*(user.live(until) for user in everybody))
    return seen


async def hammer(server: Server, issuer: Issuer) -> float:
    """Answers a second to connections that ask again at once."""
    count = 0
    until = time.perf_counter() + HAMMER_SEC

    async def ask(client: aiohttp.ClientSession, number: int) -> None:
        nonlocal count
        who = {"Authorization": f"Bearer {token_of(issuer, number)}"}
        while time.perf_counter() < until:
            url = f"{server.url}/api/recordings"
            async with client.get(url, headers=who) as got:
                assert got.status == 200, await got.text()
            count += 1

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as client:
        await asyncio.gather(*(ask(client, number) for number in range(HAMMERS)))
    return count / HAMMER_SEC


def token_of(issuer: Issuer, number: int) -> str:
    return issuer.token("ec", "ES256", sub=f"pupil-{number}", exp=int(time.time()) + 3600)


def processes(server: Server) -> list[int]:
    """The server's own and its children's, as far as they serve or work."""
    assert server.process is not None
    children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text()
    return [server.process.pid, *map(int, children.split())]


@contextmanager
def processor_time(folder: Path) -> Iterator[None]:
    before, began = used_sec(folder), time.perf_counter()
    yield
    print(described(before, used_sec(folder), time.perf_counter() - began), flush=True)


def row(what: str, figures: list[float], limit: str = "") -> str:
    p50, p95 = np.percentile(figures, [50, 95])
    return f"| {what} | {len(figures)} | {p50:.0f} ms | {p95:.0f} ms | {limit} |"


def report(seen: Seen) -> None:
    print("| what | count | p50 | p95 | limit |\n|---|---|---|---|---|")
    for kind, figures in sorted(seen.took_ms.items()):
        print(row(kind, figures, LIMITS.get(kind, "")))
    if seen.early_ms:
        print(row(f"of the reads: begun in the first {WARM_UP_SEC:.0f} s", seen.early_ms))
    print(row("lateness of a token", seen.late_ms, "p95 100"))
    done = sum(map(len, seen.took_ms.values()))
    print(f"| errors | {len(seen.wrong)} of {done + len(seen.wrong)} | | | 0 |")
    for wrong in seen.wrong[:10]:
        print(f"WRONG: {wrong}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=1000)
    parser.add_argument("--minutes", type=float, default=2.0)
    parser.add_argument("--workers", type=int, default=0)
    options = parser.parse_args()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    throughput = []
    with ExitStack() as opened:
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory()))
        folder.chmod(0o755)  # PostgreSQL works in it too, as another user
        tempfile.tempdir = str(folder)
        issuer = opened.enter_context(issuing())
        settings = {
            "CRESCENDAI_AUTH": "required",
            "CRESCENDAI_JWT_ISSUER": issuer.url,
            "CRESCENDAI_JWT_JWKS_URL": issuer.jwks_url,
            "CRESCENDAI_LLM_URL": f"http://127.0.0.1:{opened.enter_context(helper('model'))}/v1",
            "CRESCENDAI_LOG_LEVEL": "warning",
            "CRESCENDAI_RATE_LIMIT_PER_MINUTE": "1000000",  # counted, never refused
        }
        for count in (1, 2):
            place = folder / str(count)
            with production(place) as engines:
                stack = settings | engines | {"CRESCENDAI_WEB_PROCESSES": str(count)}
                with running(place / "data", **stack | {"CRESCENDAI_WORKERS": "1"}) as server:
                    who = {"Authorization": f"Bearer {token_of(issuer, 0)}"}
                    wait_until(partial(handbook_is_ready, server, who), 300)
                using = stack | {"CRESCENDAI_WORKERS": str(options.workers)}
                with server_of(place / "data", using) as server:
                    print(f"\n{count} web process(es), {options.users} users", flush=True)
                    with processor_time(folder):
                        report(uvloop.run(crowd(server, issuer, options.users, options.minutes)))
                    sizes = ", ".join(f"{resident_mb(pid):.0f}" for pid in processes(server))
                    print(f"memory of the server's processes: {sizes} MB", flush=True)
                    with processor_time(folder):
                        throughput.append(uvloop.run(hammer(server, issuer)))
    for one, other in pairwise(throughput):
        print(f"\nreads a second, {HAMMERS} connections: {one:.0f} by one process, "
              f"{other:.0f} by two ({other / one:.2f} times)")  # fmt: skip


if __name__ == "__main__":
    main()
