"""What the models that come with the installation make of the handbook, made beforehand.

A first start takes the whole handbook in; with these it need not read it, which costs half a minute
of a core. ``python -m tools.read_handbook`` makes the file anew after a change of an article, of
the way it is cut or of a model; what is not in it is read as any other document is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import numpy as np

FILE = Path(__file__).parent / "handbook.npz"
Readings = Mapping[bytes, bytes]
"""What a model made of a passage, by :func:`key`."""


def key(model_id: str, passage: Sequence[str]) -> bytes:
    """Tells a model and all that it read of a passage, 16 bytes."""
    content = "\0".join((model_id, *passage))
    return hashlib.blake2b(content.encode(), digest_size=16).digest()


@cache
def packaged() -> Readings:
    """Those of :data:`FILE`; none where it is missing."""
    if not FILE.is_file():
        return {}
    with np.load(FILE) as stored:
        keys, sizes, data = stored["keys"], stored["sizes"], stored["data"].tobytes()
    ends = np.cumsum(sizes).tolist()
    starts = [0, *ends]
    return {
        one.tobytes(): data[start:end] for one, start, end in zip(keys, starts, ends, strict=False)
    }


def write(readings: Readings, path: Path = FILE) -> None:
    """In the order of their keys, so that equal readings make equal files."""
    ordered = sorted(readings.items())
    np.savez_compressed(
        path,
        keys=np.frombuffer(b"".join(one for one, _ in ordered), np.uint8).reshape(-1, 16),
        sizes=np.array([len(data) for _, data in ordered], np.int32),
        data=np.frombuffer(b"".join(data for _, data in ordered), np.uint8),
    )
