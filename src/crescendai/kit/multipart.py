"""Reads multipart/form-data as a stream: small fields into memory, one file part by part."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from crescendai.errors import InvalidInput, SchemaError

MAX_FIELD_BYTES = 16_384
MAX_FIELDS = 32


@dataclass
class FileUpload:
    """A file inside a form. ``chunks`` yields its bytes as they arrive and can be read once.

    ``fields`` holds the small text fields; those sent after the file appear once it is read.
    """

    filename: str
    chunks: AsyncIterator[bytes]
    fields: dict[str, str]


@dataclass
class _Part:
    name: str = ""
    filename: str | None = None
    data: bytearray = field(default_factory=bytearray)


class _Reader:
    """Turns the parser's callbacks into a queue of file bytes and a dict of fields."""

    def __init__(self, boundary: bytes, file_field: str) -> None:
        self.fields: dict[str, str] = {}
        self.filename: str | None = None
        self.file_bytes: deque[bytes] = deque()
        self.ended = False
        self._file_field = file_field
        self._part = _Part()
        self._header_name = b""
        self._header_value = b""
        self._parser = MultipartParser(
            boundary,
            callbacks={
                "on_part_begin": self._on_part_begin,
                "on_header_field": self._on_header_field,
                "on_header_value": self._on_header_value,
                "on_header_end": self._on_header_end,
                "on_headers_finished": self._on_headers_finished,
                "on_part_data": self._on_part_data,
                "on_part_end": self._on_part_end,
                "on_end": self._on_end,
            },
        )

    def feed(self, chunk: bytes) -> None:
        try:
            self._parser.write(chunk)
        except FormParserError as error:
            raise InvalidInput("form_malformed", "The form data is malformed.") from error

    def _on_part_begin(self) -> None:
        self._part = _Part()

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._header_name += data[start:end]

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header_value += data[start:end]

    def _on_header_end(self) -> None:
        if self._header_name.lower() == b"content-disposition":
            _, options = parse_options_header(self._header_value)
            self._part.name = options.get(b"name", b"").decode("utf-8", "replace")
            if b"filename" in options:
                self._part.filename = options[b"filename"].decode("utf-8", "replace")
        self._header_name = self._header_value = b""

    @property
    def _in_file(self) -> bool:
        return self._part.name == self._file_field and self._part.filename is not None

    def _on_headers_finished(self) -> None:
        if self._in_file:
            if self.filename is not None:
                raise InvalidInput("form_malformed", "Send one file at a time.")
            self.filename = self._part.filename

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        if self._in_file:
            self.file_bytes.append(data[start:end])
            return
        self._part.data += data[start:end]
        if len(self._part.data) > MAX_FIELD_BYTES:
            raise InvalidInput("form_malformed", f"The field {self._part.name!r} is too long.")

    def _on_part_end(self) -> None:
        if not self._in_file:
            self.fields[self._part.name] = self._part.data.decode("utf-8", "replace")
            if len(self.fields) > MAX_FIELDS:
                raise InvalidInput("form_malformed", "The form has too many fields.")

    def _on_end(self) -> None:
        self.ended = True


def openapi_form(*text_fields: str, file_field: str = "file") -> dict[str, Any]:
    """What the OpenAPI document says of a form that is read by :func:`read_file`."""
    properties: dict[str, Any] = {file_field: {"type": "string", "format": "binary"}}
    properties |= {name: {"type": "string"} for name in text_fields}
    schema = {"type": "object", "required": [file_field], "properties": properties}
    return {
        "requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}
    }


async def read_file(
    content_type: str, body: AsyncIterator[bytes], file_field: str = "file"
) -> FileUpload:
    """Read a form up to the first bytes of its file.

    Raises InvalidInput when the body is not a well-formed form, SchemaError when it has no file.
    """
    kind, options = parse_options_header(content_type)
    if kind != b"multipart/form-data" or not options.get(b"boundary"):
        raise InvalidInput("form_expected", "Send the file as multipart/form-data.")
    try:
        reader = _Reader(options[b"boundary"], file_field)
    except FormParserError as error:
        raise InvalidInput("form_malformed", "The boundary of the form is too long.") from error
    async for chunk in body:
        reader.feed(chunk)
        if reader.filename is not None:
            return FileUpload(reader.filename, _file_chunks(reader, body), reader.fields)
    if not reader.ended:
        raise InvalidInput("form_malformed", "The form data ends too early.")
    raise SchemaError(
        "file_missing", f"The form has no file in its field {file_field!r}.", f"body.{file_field}"
    )


async def _file_chunks(reader: _Reader, body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    while True:
        while reader.file_bytes:
            yield reader.file_bytes.popleft()
        if reader.ended:
            return
        chunk = await anext(body, None)
        if chunk is None:
            raise InvalidInput("form_malformed", "The form data ends too early.")
        reader.feed(chunk)
