"""Runs a module of ours as a separate, limited process: untrusted files are parsed nowhere else."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from dataclasses import dataclass
from typing import Any

import orjson

from crescendai.errors import InvalidInput

# What a child may see of our environment: how to find Python's modules, nothing secret.
_KEPT_VARIABLES = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "LANG", "TMPDIR")

_MAX_ANSWER_BYTES = 256 << 20  # the longest text that is taken, as JSON
_MET_A_LIMIT = (-signal.SIGXCPU, -signal.SIGKILL, -signal.SIGABRT)  # time, or memory
_TOO_COMPLEX = (
    "The file takes too much time or memory to read. Export it again in a simpler form, or "
    "split it."
)


@dataclass(frozen=True)
class ChildFailed(Exception):
    """The child said what is wrong with the file: a stable code and a sentence."""

    code: str
    reason: str


async def run_limited(module: str, *arguments: str, wall_sec: float) -> dict[str, Any]:
    """Run ``python -m module arguments`` and return the JSON object it prints.

    The child limits its own memory and processor time (see :mod:`crescendai.adapters.limits`).
    Raises ChildFailed with what the child reports, InvalidInput when it crashes, takes longer than
    ``wall_sec`` or has more to say than ``_MAX_ANSWER_BYTES``.
    """
    kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-P",  # no module comes from the folder that the server happens to stand in
        "-m",
        module,
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env=kept | {"OPENBLAS_NUM_THREADS": "1"},  # each thread would reserve address space
    )
    try:
        output = await asyncio.wait_for(_answer(child), wall_sec)
    except TimeoutError as error:
        raise InvalidInput("file_too_complex", _TOO_COMPLEX) from error
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    if child.returncode in _MET_A_LIMIT:
        raise InvalidInput("file_too_complex", _TOO_COMPLEX)
    try:
        answer: dict[str, Any] = orjson.loads(output)
    except orjson.JSONDecodeError as error:
        raise InvalidInput(
            "file_unreadable", "The file is damaged in a way that stops it from being read."
        ) from error
    if "problem" in answer:
        raise ChildFailed(answer["problem"]["code"], answer["problem"]["reason"])
    return answer


async def _answer(child: asyncio.subprocess.Process) -> bytes:
    assert child.stdout is not None
    output = bytearray()
    while chunk := await child.stdout.read(1 << 16):
        output += chunk
        if len(output) > _MAX_ANSWER_BYTES:
            raise InvalidInput("file_too_complex", _TOO_COMPLEX)
    await child.wait()
    return bytes(output)
