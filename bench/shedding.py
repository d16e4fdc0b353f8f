"""Whether shed load keeps the event loop free: ``python -m bench.shedding``.

Two real servers, one after the other, differ in CRESCENDAI_MAX_REQUESTS alone: a cap, and none to
speak of. A client in a process of its own keeps far more requests running than the cap lets through
(``GET /api/knowledge/search``, each another question, whose vectors, words and reranking take
processor time in threads) while another one asks ``/api/health``, which is never shed and does no
work, every 20 ms: what it waits beyond the time of an idle server is how late the event loop is.
Prints the rows for ``bench/RESULTS.md``; takes about two minutes.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

import aiohttp
import httpx

from tests.fixtures.running import handbook_is_ready, resident_mb, running, wait_until

CAP, UNCAPPED = 16, 100_000
CROWD, LOAD_SEC = 400, 20.0
PROBE_SEC, CALM_SEC = 0.02, 5.0
WORDS = ("pedal", "legato", "trill", "voicing", "rubato", "fugue", "scales", "octave", "wrist")


@dataclass
class Crowd:
    """``answered_ms`` and ``shed_ms`` are how long the two kinds of answers took.

    ``given_up`` counts those that the server gave up, because they took longer than it waits.
    """

    answered_ms: list[float] = field(default_factory=list)
    shed_ms: list[float] = field(default_factory=list)
    given_up: int = 0


async def press(url: str) -> Crowd:
    """So many people, each of whom asks again as soon as there is an answer, or when told to."""
    crowd, until = Crowd(), time.monotonic() + LOAD_SEC

    async def ask(client: aiohttp.ClientSession, number: int) -> None:
        asked = 0
        while time.monotonic() < until:
            asked += 1
            words = f"{WORDS[number % 9]} {WORDS[asked % 9]} {number} {asked}"
            began = time.perf_counter()
            async with client.get(f"{url}/api/knowledge/search", params={"q": words}) as answer:
                await answer.read()
            took_ms = (time.perf_counter() - began) * 1000
            if answer.status == 200:
                crowd.answered_ms.append(took_ms)
            elif "Retry-After" in answer.headers:
                assert answer.status == 503
                crowd.shed_ms.append(took_ms)
                await asyncio.sleep(float(answer.headers["Retry-After"]))
            else:
                assert answer.status == 503
                crowd.given_up += 1

    connector = aiohttp.TCPConnector(limit=CROWD)
    async with aiohttp.ClientSession(connector=connector) as client:
        await asyncio.gather(*(ask(client, number) for number in range(CROWD)))
    return crowd


def probe(url: str, seconds: float) -> list[float]:
    """Milliseconds that each of many small answers took."""
    took_ms = []
    with httpx.Client(timeout=120) as client:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            began = time.perf_counter()
            client.get(f"{url}/api/health").raise_for_status()
            took_ms.append((time.perf_counter() - began) * 1000)
            time.sleep(PROBE_SEC)
    return took_ms


async def under_load(url: str) -> tuple[Crowd, list[float]]:
    pressing = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.shedding", "--press", url, stdout=asyncio.subprocess.PIPE
    )
    await asyncio.sleep(2)  # until all have come
    late_ms = await asyncio.to_thread(probe, url, LOAD_SEC - 4)
    said, _ = await pressing.communicate()
    return Crowd(**json.loads(said)), late_ms


def p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]


def measure(cap: int) -> str:
    settings = {"CRESCENDAI_MAX_REQUESTS": str(cap), "CRESCENDAI_LOG_LEVEL": "warning"}
    with tempfile.TemporaryDirectory() as folder, running(Path(folder), **settings) as server:
        wait_until(lambda: handbook_is_ready(server), 240)
        httpx.get(f"{server.url}/api/knowledge/search?q=pedal", timeout=60)
        calm_ms = statistics.median(probe(server.url, CALM_SEC))
        crowd, late_ms = asyncio.run(under_load(server.url))
        assert server.process is not None
        memory_mb = resident_mb(server.process.pid)
    shed_ms = f"{statistics.median(crowd.shed_ms):.0f} ms" if crowd.shed_ms else "–"
    late = [max(0.0, one - calm_ms) for one in late_ms]
    return (
        f"| {cap if cap < UNCAPPED else 'none'} "
        f"| {statistics.median(late):.0f} ms, {p95(late):.0f} ms, {max(late):.0f} ms "
        f"| {len(crowd.answered_ms) / LOAD_SEC:.0f} | "
        f"{statistics.median(crowd.answered_ms):.0f} ms, {p95(crowd.answered_ms):.0f} ms | "
        f"{len(crowd.shed_ms)} | {shed_ms} | {crowd.given_up} | {memory_mb:.0f} MB |"
    )


def main() -> None:
    if sys.argv[1:2] == ["--press"]:
        crowd = asyncio.run(press(sys.argv[2]))
        print(json.dumps(asdict(crowd)))
        return
    print(f"load before the start {os.getloadavg()[0]:.1f}; {CROWD} people at once")
    print(
        "| cap | event loop late: median, p95, most | searches a second | one took: median, p95 "
        "| shed | which took | given up | memory |\n|---|---|---|---|---|---|---|---|"
    )
    for cap in (CAP, UNCAPPED):
        print(measure(cap), flush=True)


if __name__ == "__main__":
    main()
