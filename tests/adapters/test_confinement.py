"""What a process that has confined itself can still do, tried in a process of its own."""

from __future__ import annotations

import platform
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() not in ("x86_64", "aarch64"),
    reason="Confinement is there on Linux only.",
)

TRY = """
import os, socket, subprocess, sys, threading
from pathlib import Path
from crescendai.adapters.limits import limit_this_process
mine, out, other = map(Path, sys.argv[1:])
out.touch()
limit_this_process(
    memory_bytes=1 << 30, cpu_sec=5, file_bytes=100, readable=[mine], writable=[out]
)
print(mine.read_text(), out.write_text("written"))
thread = threading.Thread(target=print, args=("a thread",))
thread.start()
thread.join()
import encodings.cp1252
for attempt in (
    other.read_text, lambda: other.write_text("x"), lambda: Path("/etc/passwd").read_text(),
    lambda: other.with_name("new").touch(), lambda: other.unlink(), lambda: os.listdir("/"),
    socket.socket, socket.socketpair, os.fork, lambda: os.execv("/bin/true", ["true"]),
    lambda: subprocess.run(["/bin/true"]), lambda: os.kill(os.getppid(), 0),
):
    try:
        attempt()
    except PermissionError:
        print("denied")
    else:
        print("DONE", attempt)
"""


def test_only_the_named_files_and_no_network_and_no_programs(tmp_path: Path) -> None:
    for name in ("mine", "other"):
        (tmp_path / name).write_text(name)
    done = subprocess.run(
        [sys.executable, "-P", "-c", TRY, *(str(tmp_path / n) for n in ("mine", "out", "other"))],
        capture_output=True,
        text=True,
        cwd=Path(__file__).resolve().parents[2] / "src",
        env={"PYTHONPATH": str(Path(__file__).resolve().parents[2] / "src")},
    )
    assert done.stderr == ""
    assert done.stdout.splitlines() == ["mine 7", "a thread", *["denied"] * 12]
    assert (tmp_path / "other").read_text() == "other"
