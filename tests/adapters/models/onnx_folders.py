"""Folders laid out like the hub's: a cross-encoder written here byte by byte, and MiniLM's graph.

The cross-encoder's logit is the number of pairs of like tokens, so passages that share words with
the query score higher. It is written in ONNX's protocol buffers, which need no package for that.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from crescendai.adapters.models.minilm import ORIGINAL, new_tokenizer

_INT64, _FLOAT = 7, 1
_NODES = [
    ("Unsqueeze", "input_ids", "row", ("axes", [1])),
    ("Unsqueeze", "input_ids", "column", ("axes", [2])),
    ("Equal", "row column", "like", None),
    ("Cast", "like", "pairs", ("to", _FLOAT)),
    ("Cast", "attention_mask", "mask", ("to", _FLOAT)),
    ("Unsqueeze", "mask", "mask_row", ("axes", [1])),
    ("Unsqueeze", "mask", "mask_column", ("axes", [2])),
    ("Mul", "pairs mask_row", "half", None),
    ("Mul", "half mask_column", "real", None),
    ("ReduceSum", "real", "count", ("axes", [1, 2])),
    ("ReduceSum", "mask", "length", ("axes", [1])),
    ("Squeeze", "count", "flat", ("axes", [1])),
    ("Sub", "flat length", "logits", None),
]


def minilm_folder(folder: Path) -> Path:
    (folder / "onnx").mkdir(parents=True)
    shutil.copy(ORIGINAL, folder / "onnx" / "model.onnx")
    new_tokenizer().save(str(folder / "tokenizer.json"))
    return folder


def cross_encoder_folder(folder: Path) -> Path:
    (folder / "onnx").mkdir(parents=True)
    (folder / "onnx" / "model.onnx").write_bytes(_cross_encoder())
    new_tokenizer().save(str(folder / "tokenizer.json"))
    return folder


def _cross_encoder() -> bytes:
    nodes = b"".join(_field(1, _node(*node)) for node in _NODES)
    inputs = b"".join(
        _field(11, _value(name, _INT64, ["n", "tokens"]))
        for name in ("input_ids", "attention_mask")
    )
    output = _field(12, _value("logits", _FLOAT, ["n", "1"]))
    graph = nodes + _field(2, b"shared-tokens") + inputs + output
    return _field(1, 7) + _field(7, graph) + _field(8, _field(2, 11))


def _node(
    operator: str, inputs: str, output: str, attribute: tuple[str, int | list[int]] | None
) -> bytes:
    data = b"".join(_field(1, name.encode()) for name in inputs.split())
    data += _field(2, output.encode()) + _field(4, operator.encode())
    if attribute is not None:
        name, value = attribute
        body = _field(1, name.encode())
        if isinstance(value, int):
            body += _field(3, value) + _field(20, 2)
        else:
            body += b"".join(_field(8, one) for one in value) + _field(20, 7)
        data += _field(5, body)
    return data


def _value(name: str, element: int, dimensions: list[str]) -> bytes:
    shape = b"".join(_field(1, _field(2, one.encode())) for one in dimensions)
    tensor = _field(1, element) + _field(2, shape)
    return _field(1, name.encode()) + _field(2, _field(1, tensor))


def _field(number: int, value: int | bytes) -> bytes:
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    return _varint(number << 3 | 2) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    data = bytearray()
    while value > 0x7F:
        data.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*data, value])
