"""What setting up costs: ``python -m bench.setup`` (needs the package registries).

Clones this checkout into a temporary folder with an empty home, sets up what ``make serve`` needs,
and prints times and sizes on disk.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LIMIT_MB = 700


def timed(command: list[str], folder: Path, environment: dict[str, str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, cwd=folder, env=environment, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def size_mb(path: Path) -> float:
    counted = subprocess.run(["du", "-sk", str(path)], check=True, capture_output=True, text=True)
    return int(counted.stdout.split()[0]) / 1024


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        clone = Path(name) / "clone"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        environment = os.environ | {"HOME": str(Path(name) / "home")}
        setup = timed(["make", "setup"], clone, environment)
        web = timed(["make", "web"], clone, environment)
        again = timed(["make", "setup", "web"], clone, environment)
        print("| what | figure |\n|---|---|")
        print(f"| environment from the lock | {setup:.0f} s |")
        print(f"| Node and the web app | {web:.0f} s |")
        print(f"| both again | {again:.1f} s |")
        run_time = size_mb(clone / ".venv")
        print(f"| environment without development tools | {run_time:.0f} MB (aim {LIMIT_MB} MB) |")
        print(f"| Node, needed to build only | {size_mb(clone / '.tools'):.0f} MB |")
        packages = size_mb(clone / "web" / "node_modules")
        print(f"| web packages, needed to build only | {packages:.0f} MB |")
        built = clone / "src" / "crescendai" / "web" / "static"
        print(f"| built web app | {size_mb(built):.1f} MB |")


if __name__ == "__main__":
    main()
