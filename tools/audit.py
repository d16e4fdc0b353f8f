"""Asks PyPI whether a known hole is in what we lock. ``python -m tools.audit``

Without PyPI (or with a mirror that holds files only) there is no answer: then it says so and is
content, unless ``--strict`` is given.
A hole that does not concern us is listed in ``ACCEPTED`` with the reason.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements.lock"
ACCEPTED: dict[str, str] = {}
"""The advisory's id, and why it is none of ours."""
_WITHIN_SEC = 120


def findings(report: dict[str, Any]) -> list[str]:
    """A line for each hole of a ``pip-audit`` report that is not accepted."""
    return [
        f"{one['name']} {one['version']}: {hole['id']}, fixed in {hole['fix_versions']}"
        for one in report["dependencies"]
        for hole in one.get("vulns", [])
        if hole["id"] not in ACCEPTED
    ]


def answered(report: dict[str, Any]) -> int:
    """Packages that there was an answer for; a mirror may know files only, and no advisories."""
    return sum("vulns" in one for one in report["dependencies"])


def ask() -> dict[str, Any] | None:
    """The report, or None when there is no answer."""
    command = [sys.executable, "-m", "pip_audit", "--requirement", str(LOCK), "--disable-pip"]
    command += ["--require-hashes", "--format", "json", "--progress-spinner", "off"]
    try:
        result = subprocess.run(command, capture_output=True, text=True, timeout=_WITHIN_SEC)
        report: dict[str, Any] = json.loads(result.stdout)
    except (subprocess.TimeoutExpired, json.JSONDecodeError):
        return None
    return report


def main() -> None:
    report = ask()
    if report is None or not answered(report):
        print("Not audited: PyPI, or what stands in for it, tells of no holes.")
        sys.exit("--strict" in sys.argv)
    found = findings(report)
    print("\n".join(found) or f"No known hole in {answered(report)} packages.")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
