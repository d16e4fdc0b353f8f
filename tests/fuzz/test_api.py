"""The whole OpenAPI document, attacked by Schemathesis with a real key: every check, every phase.

``python -m tests.fuzz.test_api 200`` does it longer: so many examples for each address, and twice
as many seconds of walks along the links from what was made to the addresses that take its id.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import httpx
import numpy as np

from tests.fixtures.command_line import command
from tests.fixtures.running import Server, running
from tests.fixtures.sounds import RATE, encode, piano

CONFIG = Path(__file__).with_name("schemathesis.toml")
HOOKS = Path(__file__).with_name("files.py")
LEAST_CASES = 2000
LEAST_FOLLOWED = 20
EXAMPLES, WALK_SEC = 4, 20
SETTINGS = {
    "CRESCENDAI_AUTH": "required",
    "CRESCENDAI_DAILY_ANALYSIS_MINUTES": "0",
    "CRESCENDAI_DAILY_LLM_TOKENS": "0",
    "CRESCENDAI_STORAGE_MB": "0",
    "CRESCENDAI_LOG_LEVEL": "warning",
}


@dataclass(frozen=True)
class Tried:
    """``links`` are those that there are, ``followed`` how many of them were."""

    cases: int
    followed: int
    links: int


def attack(server: Server, key: str, files: Path, *options: str) -> tuple[int, str]:
    """How many cases were tried, and everything Schemathesis has to say; fails on a finding."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "schemathesis.toml"
        path.write_text(f'hooks = "{HOOKS}"\n{CONFIG.read_text()}')
        result = subprocess.run(
            [
                str(Path(sys.executable).parent / "schemathesis"),
                *("--config-file", str(path), "run", f"{server.url}/openapi.json"),
                *("--header", f"X-API-Key: {key}", "--seed", "1", "--no-color", *options),
                *("--exclude-path", "/api/account"),  # ends the key
            ],
            capture_output=True,
            text=True,
            cwd=folder,
            env=os.environ | {"NO_PROXY": "127.0.0.1", "FUZZ_FILES": str(files)},
        )
    said = result.stdout + result.stderr
    assert result.returncode == 0, said[-8000:]
    found = re.search(r"(\d+) generated", said)
    return int(found[1]) if found else 0, said


def make_files(files: Path) -> None:
    """A recording that is analysed, one that is refused, and two pages that are taken in."""
    files.mkdir()
    encode(files / "take.mp3", piano(seconds=3.2))
    encode(files / "silence.wav", np.zeros(4 * RATE, np.float32))
    (files / "pedal.md").write_text("# Pedal\n\nLift it with the harmony.")
    (files / "trill.html").write_text("<h1>Trills</h1><p>Begin slowly, and from the upper note.")


def begin(client: httpx.Client, files: Path) -> None:
    """Something of each kind, so that the lists hold ids from the first on."""
    take, page = (files / "take.mp3").read_bytes(), (files / "pedal.md").read_bytes()
    sent = client.post("/api/upload", files={"file": ("take.mp3", take)}).raise_for_status()
    client.post("/api/knowledge/ingest", files={"file": ("a.md", page)}).raise_for_status()
    wanted = {"recording_id": sent.json()["recording_id"]}
    client.post("/api/chat", json={"message": "Hello!"} | wanted).raise_for_status()


def new_key(server: Server, user: str = "owner") -> str:
    folder = server.data_dir.parent
    settings = {"CRESCENDAI_DATA_DIR": str(server.data_dir)}
    return command(folder, "keys", "create", "--user", user, **settings).stdout.strip()


def fuzz(server: Server, examples: int, walk_sec: int) -> Tried:
    """Every address by itself; then walks from what was made, for so long, along the links."""
    key, files = new_key(server), server.data_dir.parent / "files"
    make_files(files)
    with httpx.Client(base_url=server.url, headers={"X-API-Key": key}, timeout=60) as client:
        begin(client, files)
    alone = ("--phases", "coverage,fuzzing", "--max-examples", str(examples))
    cases, _ = attack(server, key, files, *alone)
    walked, said = attack(server, key, files, "--phases", "stateful", "--max-time", str(walk_sec))
    links = re.search(r"API Links:\s+(\d+) covered / (\d+) selected", said)
    assert links, said
    return Tried(cases + walked, int(links[1]), int(links[2]))


def test_nothing_sent_makes_the_server_err_or_differ_from_its_document(tmp_path: Path) -> None:
    with running(tmp_path / "data", **SETTINGS) as server:
        tried = fuzz(server, EXAMPLES, WALK_SEC)
        assert "request.crashed" not in server.log
    assert tried.cases >= LEAST_CASES
    assert tried.followed >= LEAST_FOLLOWED


if __name__ == "__main__":
    examples = int(sys.argv[1])
    with (
        tempfile.TemporaryDirectory() as folder,
        running(Path(folder) / "data", **SETTINGS) as server,
    ):
        tried = fuzz(server, examples, 2 * examples)
    print(f"{tried.cases} cases, {tried.followed} of {tried.links} links followed, no finding")
