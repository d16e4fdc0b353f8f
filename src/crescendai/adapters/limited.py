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
    child = await asyncio.create_subprocess_exec(
        *command(module, *arguments),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env=environment(),
    )
    try:
        output = await asyncio.wait_for(_answer(child), wall_sec)
    except TimeoutError as error:
        raise too_complex() from error
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    assert child.returncode is not None
    return understood(output, child.returncode)


def command(module: str, *arguments: str) -> list[str]:
    """``-P``: no module comes from the folder that the server happens to stand in."""
    return [sys.executable, "-P", "-m", module, *arguments]


def environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    return kept | {"OPENBLAS_NUM_THREADS": "1"}  # each thread would reserve address space


async def read_answer(stream: asyncio.StreamReader) -> bytearray:
    output = bytearray()
    while chunk := await stream.read(1 << 16):
        output += chunk
        if len(output) > _MAX_ANSWER_BYTES:
            raise too_complex()
    return output


def understood(output: bytes | bytearray, status: int) -> dict[str, Any]:
    """What a child that ended with that status has said."""
    if status in _MET_A_LIMIT:
        raise too_complex()
    try:
        answer: dict[str, Any] = orjson.loads(output)
    except orjson.JSONDecodeError as error:
        raise InvalidInput(
            "file_unreadable", "The file is damaged in a way that stops it from being read."
        ) from error
    if "problem" in answer:
        raise ChildFailed(answer["problem"]["code"], answer["problem"]["reason"])
    return answer


def too_complex() -> InvalidInput:
    return InvalidInput(
        "file_too_complex",
        "The file takes too much time or memory to read. Export it again in a simpler form, or "
        "split it.",
    )


async def _answer(child: asyncio.subprocess.Process) -> bytearray:
    assert child.stdout is not None
    output = await read_answer(child.stdout)
    await child.wait()
    return output
