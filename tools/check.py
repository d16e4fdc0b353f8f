"""Runs every check one after the other, with its time, and stops at the first failure."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
MOST_AT_ONCE = 4  # processes of tests, each with servers, engines and a browser of its own
CODE = ["src", "tests", "tools", "bench"]

CHECKS: dict[str, list[str]] = {
    "lint": [str(BIN / "ruff"), "check", *CODE],
    "format": [str(BIN / "ruff"), "format", "--check", *CODE],
    "import contracts": [str(BIN / "lint-imports"), "--no-cache"],
    "types": [str(BIN / "mypy")],
    "secrets": [sys.executable, "-m", "tools.find_secrets"],
    "known holes": [sys.executable, "-m", "tools.audit"],
    "web types": [sys.executable, "-m", "tools.node", "run", "check"],
    "web units": [sys.executable, "-m", "tools.node", "test"],
    "tests": [
        *(sys.executable, "-m", "pytest", "-q", "--durations=10"),
        *("-n", str(min(os.cpu_count() or 1, MOST_AT_ONCE)), "--dist", "loadfile"),
    ],
}


def main() -> None:
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src"), "PYTHONUNBUFFERED": "1"}
    for name, command in CHECKS.items():
        began = time.monotonic()
        print(f"── {name}", flush=True)
        result = subprocess.run(command, cwd=ROOT, env=environment)
        print(f"   {name}: {time.monotonic() - began:.1f} s", flush=True)
        if result.returncode != 0:
            sys.exit(f"The check {name!r} failed.")


if __name__ == "__main__":
    main()
