"""Builds the web app into the package, where the server finds it."""

from __future__ import annotations

import shutil
from pathlib import Path

from tools.node import ROOT, WEB, npm

STATIC = ROOT / "src" / "crescendai" / "web" / "static"
REFERENCE = WEB / "node_modules" / "swagger-ui-dist"
REFERENCE_FILES = ("swagger-ui-bundle.js", "swagger-ui.css", "LICENSE", "NOTICE")


def publish(build: Path, out: Path) -> None:
    """Replace what was served before, with what the interactive reference needs beside it."""
    fresh = out.with_name(out.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    shutil.copytree(build, fresh)
    reference = fresh / "reference"
    reference.mkdir()
    for name in REFERENCE_FILES:
        shutil.copy2(REFERENCE / name, reference)
    shutil.rmtree(out, ignore_errors=True)
    fresh.rename(out)


if __name__ == "__main__":
    npm("ci", "--no-audit", "--no-fund", "--loglevel=error")
    npm("run", "build")
    publish(WEB / "build", STATIC)
