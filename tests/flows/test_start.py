"""Starts that cannot work end with one sentence and leave nothing running."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path


def test_a_taken_port_is_told_in_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        result = subprocess.run(
            [sys.executable, "-m", "crescendai", "serve", "--port", port],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert result.returncode == 1
    assert f"cannot listen on 127.0.0.1, port {port}" in " ".join(result.stderr.split())
    assert not (tmp_path / "data").exists()
    assert "Traceback" not in result.stderr
    assert "is at http" not in result.stdout
