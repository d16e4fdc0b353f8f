from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import suppress
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crescendai.chat.events import read_event_id
from crescendai.errors import InvalidInput, SchemaError
from crescendai.kit import multipart, sse
from crescendai.kit.byte_range import parse_range
from crescendai.kit.filenames import MAX_BYTES, plain_name
from crescendai.kit.paging import Position, decode_cursor, encode_cursor
from crescendai.kit.sealing import Seal

BOUNDARY = "a-boundary"
CONTENT_TYPE = f"multipart/form-data; boundary={BOUNDARY}"


def form(payload: bytes, name: str = "file") -> bytes:
    return (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="title"\r\n\r\nAria\r\n'
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"; filename="a.wav"\r\n'
        "Content-Type: audio/wav\r\n\r\n"
    ).encode() + (payload + f"\r\n--{BOUNDARY}--\r\n".encode())


async def stream(parts: Iterable[bytes]) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


async def read(parts: Iterable[bytes]) -> tuple[multipart.FileUpload, bytes]:
    upload = await multipart.read_file(CONTENT_TYPE, stream(parts))
    return upload, b"".join([chunk async for chunk in upload.chunks])


@given(st.integers(0, 2**62), st.uuids())
def test_a_cursor_comes_back_as_it_was(created_at: int, identifier: object) -> None:
    position = Position(created_at, identifier)  # type: ignore[arg-type]
    assert decode_cursor(encode_cursor(position)) == position


@given(st.text(max_size=80))
def test_any_other_cursor_is_refused(text: str) -> None:
    with suppress(InvalidInput):  # nothing but this may come out
        decode_cursor(text)


@given(st.text(max_size=60), st.text(max_size=10), st.integers(0, 200), st.integers(1, 255))
def test_a_seal_opens_for_what_it_was_made_for_alone(
    text: str, bound: str, at: int, change: int
) -> None:
    seal = Seal(b"secret", "cursors")
    sealed = seal.close(text, bound)
    assert seal.open(sealed, bound) == text
    raw = bytearray(base64.urlsafe_b64decode(sealed + "=" * (-len(sealed) % 4)))
    raw[at % len(raw)] ^= change
    changed = base64.urlsafe_b64encode(raw).decode().rstrip("=")
    elsewhere = Seal(b"another", "cursors"), Seal(b"secret", "other")
    for by, wrong, words in (
        (seal, changed, (bound,)),
        (seal, sealed, (bound + "x",)),
        (seal, sealed, (bound, "")),
        (elsewhere[0], sealed, (bound,)),
        (elsewhere[1], sealed, (bound,)),
    ):
        with pytest.raises(InvalidInput):
            by.open(wrong, *words)


@given(st.text(max_size=80))
def test_no_text_is_a_seal(text: str) -> None:
    with pytest.raises(InvalidInput):
        Seal(b"secret", "cursors").open(text)


def test_no_cursor_is_the_beginning() -> None:
    assert decode_cursor(None) is None
    with pytest.raises(InvalidInput):
        decode_cursor("not-a-cursor")


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, None),
        ("bytes=0-", (0, 100)),
        (f"bytes={'9' * 5000}-", None),
        ("bytes=10-19", (10, 20)),
        ("bytes=90-500", (90, 100)),
        ("bytes=-5", (95, 100)),
        ("bytes=-500", (0, 100)),
        ("bytes=5-2", None),
        ("bytes=-", None),
        ("bytes=0-1,4-5", None),
        ("items=0-1", None),
    ],
)
def test_byte_ranges(header: str | None, expected: tuple[int, int] | None) -> None:
    assert parse_range(header, 100) == expected


def test_a_range_behind_the_end_is_empty() -> None:
    for header in ("bytes=100-", "bytes=200-300", "bytes=-0"):
        start, end = parse_range(header, 100) or (0, 1)
        assert start >= end


def test_an_event_is_one_line_of_json() -> None:
    assert sse.encode({"token": "a\nb"}, event="x", id="7") == (
        b'id: 7\nevent: x\ndata: {"token":"a\\nb"}\n\n'
    )
    assert sse.encode({"id": uuid4()}).startswith(b"data: {")


@given(st.binary(max_size=3000), st.integers(1, 700))
async def test_a_file_survives_any_cutting_of_the_form(payload: bytes, size: int) -> None:
    whole = form(payload)
    upload, found = await read(whole[at : at + size] for at in range(0, len(whole), size))
    assert found == payload
    assert upload.filename == "a.wav"
    assert upload.fields == {"title": "Aria"}


async def test_a_form_that_ends_early_is_refused() -> None:
    with pytest.raises(InvalidInput, match="ends too early"):
        await read([form(b"x" * 100)[:-30]])


async def test_a_form_without_the_file_names_the_field() -> None:
    with pytest.raises(SchemaError) as caught:
        await read([form(b"x", name="other")])
    assert caught.value.field == "body.file"


async def test_something_that_is_no_form_is_refused() -> None:
    with pytest.raises(InvalidInput, match="multipart"):
        await multipart.read_file("application/json", stream([b"{}"]))
    with pytest.raises(InvalidInput):
        await read([b"this is not a form at all"])


async def test_a_boundary_longer_than_any_client_sends_is_refused() -> None:
    with pytest.raises(InvalidInput):
        await multipart.read_file(f"multipart/form-data; boundary={'b' * 300}", stream([]))


async def test_a_form_of_endless_fields_is_refused() -> None:
    def endless() -> Iterator[bytes]:
        for number in range(10_000):
            head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="f{number}"\r\n\r\n'
            yield head.encode() + b"x" * 10_000 + b"\r\n"

    sent = endless()
    with pytest.raises(InvalidInput):
        await read(sent)
    assert next(sent, None) is not None  # it was not read to its end


@pytest.mark.parametrize(
    ("given_name", "kept"),
    [
        ("aria.wav", "aria.wav"),
        ("/home/me/aria.wav", "aria.wav"),
        ("C:\\takes\\aria.wav", "aria.wav"),
        ("a\x07r\x00i\na\u202e.wav", "aria.wav"),
        ("a" * 300 + ".wav", "a" * 236 + ".wav"),
        ("é" * 300 + ".wav", "é" * 118 + ".wav"),
        ("Étude #12", "Étude No. 12"),
        ("Étude #12.pdf", "Étude #12.pdf"),
        ("..", "recording.wav"),
        ("", "recording.wav"),
    ],
)
def test_a_filename_is_made_plain(given_name: str, kept: str) -> None:
    assert plain_name(given_name, "recording.wav") == kept


@given(st.text(max_size=300))
def test_any_filename_can_be_that_of_a_file(given_name: str) -> None:
    name = plain_name(given_name, "recording.wav")
    assert 0 < len(name.encode()) <= MAX_BYTES
    assert name.isprintable()
    assert not set(name) & set("/\\\r\n\0")
    assert name not in (".", "..")
    assert plain_name(name, "recording.wav") == name


@given(st.text(max_size=60), st.binary(max_size=200), st.integers(1, 60))
async def test_any_header_of_a_part_is_read_or_refused(
    filename: str, header: bytes, size: int
) -> None:
    whole = form(b"payload").replace(
        b'filename="a.wav"', f'filename="{filename}"'.encode(errors="replace")
    )
    for sent in (whole, whole.replace(b"audio/wav", header)):
        with suppress(InvalidInput, SchemaError):  # nothing but these may come out
            upload, _ = await read(sent[at : at + size] for at in range(0, len(sent), size))
            assert plain_name(upload.filename, "recording.wav").isprintable()


@given(st.text(st.characters(max_codepoint=255), max_size=60), st.binary(max_size=300))
async def test_any_body_is_read_as_a_form_or_refused(boundary: str, body: bytes) -> None:
    with suppress(InvalidInput, SchemaError):
        upload = await multipart.read_file(
            f"multipart/form-data; boundary={boundary}", stream([body])
        )
        assert b"".join([chunk async for chunk in upload.chunks]) in body


@given(st.from_regex(r"bytes=[0-9]{0,20}-[0-9]{0,20}") | st.text(max_size=40), st.integers(0, 99))
def test_any_range_lies_within_the_whole(header: str, size: int) -> None:
    found = parse_range(header, size)
    if found is not None and found[0] < found[1]:
        assert 0 <= found[0] < found[1] <= size


@given(st.text(max_size=60) | st.from_regex(r"[0-9a-f-]{0,36}:-?[0-9]{0,30}"))
def test_any_event_id_is_read_or_refused(event_id: str) -> None:
    with suppress(InvalidInput):
        message, number = read_event_id(event_id)
        assert 0 <= number < 2**31
        assert message is None or isinstance(message, UUID)
