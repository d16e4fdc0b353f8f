"""Builds the web app into the package, where the server finds it."""

from __future__ import annotations

import shutil
from pathlib import Path

from tools.node import ROOT, WEB, npm

STATIC = ROOT / "src" / "crescendai" / "web" / "static"


def publish(build: Path, out: Path) -> None:
    """Replace what was served before."""
    fresh = out.with_name(out.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    shutil.copytree(build, fresh)
    shutil.rmtree(out, ignore_errors=True)
    fresh.rename(out)


if __name__ == "__main__":
    npm("ci", "--no-audit", "--no-fund", "--loglevel=error")
    npm("run", "build")
    publish(WEB / "build", STATIC)
