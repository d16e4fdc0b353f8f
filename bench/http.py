"""Uploads and reads over HTTP: ``python -m bench.http``.

Starts a real server on a fresh data folder without workers (an idle machine) and prints, beside the
limit that each figure has to hold: the time of a 10 MB upload, reads of a recording and of the
session list, and of importing the package.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx
import numpy as np

from tests.fixtures.running import Server, free_port, wait_until
from tests.fixtures.sounds import RATE, encode

UPLOADS = 7
READS = 500
IMPORTS = 7


def noise_wav(folder: Path, number: int) -> Path:
    """10 MB of 16-bit WAV, another one each time so that none is a duplicate."""
    count = 10 * 1024**2 // 2
    samples = np.random.default_rng(number).normal(0, 0.05, count).astype(np.float32)
    return encode(folder / f"{number}.wav", samples, RATE)


def upload_sec(client: httpx.Client, path: Path) -> float:
    with path.open("rb") as file:
        began = time.perf_counter()
        answer = client.post("/api/upload", files={"file": file})
    assert answer.status_code == 201, answer.text
    return time.perf_counter() - began


def read_ms(client: httpx.Client, path: str) -> list[float]:
    times = []
    for _ in range(READS):
        began = time.perf_counter()
        assert client.get(path).status_code == 200
        times.append((time.perf_counter() - began) * 1000)
    return times


def import_sec() -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import crescendai"], check=True)
    return time.perf_counter() - began


def p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]


def row(what: str, median: float, high: float, unit: str, limit: float) -> None:
    print(
        f"| {what} | {median:.2f} {unit} | {high:.2f} {unit} | {limit:g} {unit} "
        f"| {high / limit:.2f} |"
    )


def measure(client: httpx.Client, folder: Path) -> None:
    print("| what | median | p95 or worst | limit | share of the limit |\n|---|---|---|---|---|")
    uploads = [upload_sec(client, noise_wav(folder, n)) for n in range(UPLOADS)]
    row("upload of 10 MB", statistics.median(uploads), max(uploads), "s", 2.0)
    listed = client.get("/api/recordings").json()["items"]
    for what, path in (
        ("GET a recording", f"/api/recordings/{listed[0]['recording_id']}"),
        ("GET the recordings", "/api/recordings"),
        ("GET the session list", "/api/chat/sessions"),
    ):
        times = read_ms(client, path)
        row(what, statistics.median(times), p95(times), "ms", 50.0)
    imports = [import_sec() for _ in range(IMPORTS)]
    row("import crescendai", statistics.median(imports), max(imports), "s", 0.5)


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        server = Server(folder / "data", free_port(), {"CRESCENDAI_WORKERS": "0"})
        server.launch()
        try:
            wait_until(lambda: server.answers("/api/health"), 60, lambda: server.log)
            with httpx.Client(base_url=server.url, timeout=60) as client:
                for n in range(5):
                    client.post("/api/chat", json={"message": f"What is rubato? {n}"})
                measure(client, folder)
        finally:
            server.stop()


if __name__ == "__main__":
    main()
