"""The DocumentParser that hands each file to a limited child process.

A document is somebody else's program for our parser; the child may use so much memory, processor
time and wall-clock time and no more, and its end by any of them is an error with a sentence.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import crescendai
from crescendai.errors import InvalidInput, UnsupportedFormat
from crescendai.ports.documents import HeadingSpan, PageSpan, ParsedDocument

FORMATS = frozenset({"pdf", "markdown", "text"})


class ProcessParser:
    """``memory_bytes`` bounds a child's address space, ``cpu_sec`` its processor time."""

    def __init__(
        self, memory_bytes: int = 1 << 30, cpu_sec: int = 60, timeout_sec: float = 120
    ) -> None:
        self._memory_bytes = memory_bytes
        self._cpu_sec = cpu_sec
        self._timeout_sec = timeout_sec

    async def parse(self, path: Path, format: str) -> ParsedDocument:
        if format not in FORMATS:
            raise UnsupportedFormat(
                "document_format", "Send a PDF, a Markdown file or a plain text in UTF-8."
            )
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "crescendai.adapters.documents.child",
            format,
            str(path),
            str(self._memory_bytes),
            str(self._cpu_sec),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=_environment(),
        )
        try:
            output, _ = await asyncio.wait_for(child.communicate(), self._timeout_sec)
        except TimeoutError:
            raise _too_much() from None
        finally:
            if child.returncode is None:
                child.kill()
                await child.wait()
        if child.returncode != 0:
            raise _too_much()
        return _read(json.loads(output))


def _environment() -> dict[str, str]:
    """No secrets of ours; just enough to find this package."""
    source = str(Path(crescendai.__file__).parents[1])
    return {"PYTHONPATH": source, "PYTHONUTF8": "1", "PATH": os.environ.get("PATH", "")}


def _read(answer: dict[str, Any]) -> ParsedDocument:
    if "problem" in answer:
        raise InvalidInput(answer["problem"]["code"], answer["problem"]["message"])
    return ParsedDocument(
        text=answer["text"],
        pages=tuple(PageSpan(**page) for page in answer["pages"]),
        headings=tuple(HeadingSpan(**heading) for heading in answer["headings"]),
        title=answer["title"],
        author=answer["author"],
        fields=tuple((name, value) for name, value in answer["fields"]),
    )


def _too_much() -> InvalidInput:
    return InvalidInput(
        "document_too_complex",
        "This document could not be read within the limits of memory and time; it may be damaged. "
        "Save it anew, or split it, and upload that.",
    )
