"""Serves a fresh instance with something in it: ``make demo``.

Four takes of one piece, analysed; advice on the last; goals; a conversation. Everything goes
through the HTTP interface, as a user's own would, and lies in ``.demo`` until the next time.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any
from uuid import uuid4

from tools.node import ROOT

DATA = ROOT / ".demo"
TAKES = ("monday", "wednesday", "friday", "sunday")
GOALS = {
    "goals": ["Play the Prelude in C evenly and with a line, by Christmas"],
    "repertoire": ["Bach: Prelude in C, BWV 846"],
    "experience_level": "intermediate",
}
QUESTIONS = ("What stands out in this performance?", "How do I practise evenness here?")
_WAIT_SEC = 600.0


class Instance:
    def __init__(self, url: str) -> None:
        self.url = url

    def call(self, method: str, path: str, body: Any = None, kind: str = "application/json") -> Any:
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            self.url + path, data, {"Content-Type": kind}, method=method
        )
        with urllib.request.urlopen(request, timeout=_WAIT_SEC) as answer:
            text = answer.read().decode()
        return json.loads(text) if text.startswith(("{", "[")) else text

    def wait_for(self, path: str, key: str, value: str) -> Any:
        deadline = time.monotonic() + _WAIT_SEC
        while time.monotonic() < deadline:
            try:
                answer = self.call("GET", path)
                if answer[key] == value:
                    return answer
            except (urllib.error.URLError, ConnectionError):
                pass
            time.sleep(1.0)  # a caller may ask 100 times a minute
        raise SystemExit(f"{path} did not become {value}.")

    def upload(self, path: Path) -> str:
        edge = uuid4().hex
        field = f'form-data; name="file"; filename="{path.name}"'
        head = f"--{edge}\r\nContent-Disposition: {field}\r\n\r\n".encode()
        body = head + path.read_bytes() + f"\r\n--{edge}--\r\n".encode()
        sent = self.call("POST", "/api/upload", body, f"multipart/form-data; boundary={edge}")
        return str(sent["recording_id"])


def fill(instance: Instance) -> str:
    """Upload, analyse, advise and talk; the id of the last take."""
    instance.wait_for("/api/ready", "status", "ready")
    instance.call("PUT", "/api/context", GOALS)
    takes = {day: instance.upload(ROOT / "demo" / f"prelude-{day}.mp3") for day in TAKES}
    for day, recording in takes.items():
        instance.wait_for(f"/api/recordings/{recording}", "status", "ready")
        print(f"  analysed the take of {day}", flush=True)
    instance.call("POST", f"/api/feedback/{recording}")
    asked: dict[str, str] = {"recording_id": recording}
    for question in QUESTIONS:
        instance.call("POST", "/api/chat", asked | {"message": question})
        sessions = instance.call("GET", "/api/chat/sessions")["items"]
        asked = {"session_id": sessions[0]["session_id"]}
    return recording


def serve(port: int) -> subprocess.Popen[bytes]:
    shutil.rmtree(DATA, ignore_errors=True)
    DATA.mkdir()
    environment = os.environ | {"CRESCENDAI_DATA_DIR": str(DATA)}
    command = [sys.executable, "-m", "crescendai", "serve", "--port", str(port)]
    log = (DATA / "server.log").open("wb")
    return subprocess.Popen(command, env=environment, cwd=DATA, stdout=log, stderr=log)


def main() -> None:
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # the server is to end with this
    instance = Instance(f"http://127.0.0.1:{os.environ.get('PORT', '8010')}")
    server = serve(int(instance.url.rpartition(":")[2]))
    try:
        print("Filling a fresh instance; this takes about a minute.", flush=True)
        recording = fill(instance)
        print(f"Ready: {instance.url}/recordings/{recording}   (Ctrl-C ends it)", flush=True)
        server.wait()
    except KeyboardInterrupt:
        pass
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(30)


if __name__ == "__main__":
    main()
