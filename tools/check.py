"""Runs every check one after the other, with its time, and stops at the first failure.

When nothing but a few flows failed, these are tried once more, alone and on servers of their own,
and named when they pass there: on a busy machine a click can come too late. What fails twice fails
the check, and so does, at once, a flow that tells of something lost, leaked or let in.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
FAILED = ROOT / ".pytest_cache" / "v" / "cache" / "lastfailed"
MOST_TRIED_AGAIN = 3
NEVER_TRIED_AGAIN = ("kills", "killed", "disk_full", "postgresql", "attacks", "hostile", "privacy")
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
        if result.returncode != 0 and not (name == "tests" and pass_alone(environment)):
            sys.exit(f"The check {name!r} failed.")


def pass_alone(environment: dict[str, str]) -> bool:
    """Whether the flows that failed among others pass by themselves."""
    failed = list(json.loads(FAILED.read_text())) if FAILED.is_file() else []
    if not may_be_tried_again(failed):
        return False
    print("── once more, alone: " + ", ".join(failed), flush=True)
    again = [sys.executable, "-m", "pytest", "-q", *failed]
    if subprocess.run(again, cwd=ROOT, env=environment).returncode != 0:
        return False
    print("   UNSTEADY, passed only alone: " + ", ".join(failed), flush=True)
    return True


def may_be_tried_again(failed: list[str]) -> bool:
    """Nothing but a few flows, none of which tells of something lost, leaked or let in."""
    return 0 < len(failed) <= MOST_TRIED_AGAIN and all(
        test.startswith("tests/flows/") and not any(word in test for word in NEVER_TRIED_AGAIN)
        for test in failed
    )


if __name__ == "__main__":
    main()
