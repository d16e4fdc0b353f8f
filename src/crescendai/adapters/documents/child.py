"""The child process: ``child FORMAT PATH MEMORY_BYTES CPU_SEC``, one document as JSON on stdout.

A document that cannot be used is an answer too: ``{"problem": {"code", "reason"}}``. Any other end
means that a limit was met.
"""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path

import orjson

from crescendai.adapters.limits import limit_this_process
from crescendai.errors import InvalidInput
from crescendai.ports.documents import ParsedDocument

MAX_CHARACTERS = 20_000_000


def main() -> None:
    format, path, memory_bytes, cpu_sec = sys.argv[1:]
    limit_this_process(
        memory_bytes=int(memory_bytes),
        cpu_sec=int(cpu_sec),
        file_bytes=0,
        readable=[Path(path)],
    )
    try:
        answer = asdict(_parse(format, Path(path)))
    except InvalidInput as problem:
        answer = {"problem": {"code": problem.code, "reason": problem.message}}
    except MemoryError:
        answer = {"problem": {"code": "document_too_complex", "reason": _TOO_COMPLEX}}
    sys.stdout.buffer.write(orjson.dumps(answer))


_TOO_COMPLEX = "This document needs too much memory to read; split it and upload the parts."


def _parse(format: str, path: Path) -> ParsedDocument:
    if path.stat().st_size == 0:
        raise InvalidInput("document_empty", "This file is empty. Choose one with text in it.")
    document = _read(format, path)
    if not any(character.isalnum() for character in document.text):
        raise InvalidInput("document_empty", "There is no text in this file, so nothing to find.")
    if len(document.text) > MAX_CHARACTERS:
        raise InvalidInput(
            "document_too_long",
            f"This document has {len(document.text)} characters of text; at most {MAX_CHARACTERS} "
            "are taken. Split it into volumes.",
        )
    return document


def _read(format: str, path: Path) -> ParsedDocument:
    """Each format's libraries are imported only for it: a child starts for every document."""
    if format == "pdf":
        from crescendai.adapters.documents import pdf

        return pdf.parse(path)
    if format == "epub":
        from crescendai.adapters.documents import epub

        return epub.parse(path)
    if format == "docx":
        from crescendai.adapters.documents import docx

        return docx.parse(path)
    if format == "html":
        from crescendai.adapters.documents import html

        return html.parse(path.read_bytes())
    from crescendai.adapters.documents import plain

    text = path.read_bytes().decode("utf-8-sig")
    return plain.parse_markdown(text) if format == "markdown" else plain.parse_text(text)


if __name__ == "__main__":
    main()
