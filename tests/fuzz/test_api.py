"""The whole OpenAPI document, attacked by Schemathesis with a real key: every check, every phase.

``python -m tests.fuzz.test_api 200`` does it longer: so many examples for each address.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.fixtures.running import Server, running

CONFIG = Path(__file__).with_name("schemathesis.toml")
LEAST_CASES = 2000
EXAMPLES = 15
SETTINGS = {
    "CRESCENDAI_AUTH": "required",
    "CRESCENDAI_DAILY_ANALYSIS_MINUTES": "0",
    "CRESCENDAI_DAILY_LLM_TOKENS": "0",
    "CRESCENDAI_STORAGE_MB": "0",
    "CRESCENDAI_LOG_LEVEL": "warning",
}


def attack(server: Server, key: str, config: str, *options: str) -> tuple[int, str]:
    """How many cases were tried, and everything Schemathesis has to say; fails on a finding."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "schemathesis.toml"
        path.write_text(config)
        result = subprocess.run(
            [
                str(Path(sys.executable).parent / "schemathesis"),
                *("--config-file", str(path), "run", f"{server.url}/openapi.json"),
                *("--header", f"X-API-Key: {key}", "--seed", "1", "--no-color", *options),
            ],
            capture_output=True,
            text=True,
            cwd=folder,
            env=os.environ | {"NO_PROXY": "127.0.0.1"},
        )
    said = result.stdout + result.stderr
    assert result.returncode == 0, said[-8000:]
    found = re.search(r"(\d+) generated", said)
    return int(found[1]) if found else 0, said


def new_key(server: Server, user: str = "owner") -> str:
    made = subprocess.run(
        [sys.executable, "-m", "crescendai", "keys", "create", "--user", user],
        env=os.environ | {"CRESCENDAI_DATA_DIR": str(server.data_dir)},
        capture_output=True,
        text=True,
        check=True,
        cwd=server.data_dir,
    )
    return made.stdout.strip()


def fuzz(server: Server, examples: int) -> int:
    key = new_key(server)
    config = CONFIG.read_text()
    options = ("--max-examples", str(examples), "--exclude-path", "/api/account")  # ends the key
    cases, _ = attack(server, key, config, *options)
    return cases


def test_nothing_sent_makes_the_server_err_or_differ_from_its_document(tmp_path: Path) -> None:
    with running(tmp_path / "data", **SETTINGS) as server:
        cases = fuzz(server, EXAMPLES)
        assert "request.crashed" not in server.log
    assert cases >= LEAST_CASES


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder, running(Path(folder), **SETTINGS) as server:
        print(f"{fuzz(server, int(sys.argv[1]))} cases, no finding")
