"""Convert the checkpoint in the PyPI wheel ``transkun`` 2.0.1 to what the server runs.

    pip install torch==2.13.0 onnx && pip install --no-deps transkun==2.0.1
    python tools/export_transkun.py --out src/crescendai/adapters/models/weights/transkun

Writes four ONNX graphs, the front end's ten learned numbers, the licence, the model
card and SHA256SUMS. torch only reads the checkpoint here; the graphs are built node by node, so
the same checkpoint gives the same bytes. Weights are stored as float16 and cast to float32 by
the runtime when it loads the graph.

``convolutions.onnx``: mel [1, 6, 691, 229] -> tokens [88, 58, 256].

``transformer.onnx``: tokens -> hidden [90, 88, 256].

``scorer.onnx``: hidden [m, 88, 256] of any m tracks -> affinity_k [m, 176, 704 - 176 k] for
k = 0 … 3, single [m, 704]. ``affinity_k[p, i, j]`` times ``j - i`` is the score of an interval
of track ``p`` from frame ``176 k + i`` to frame ``176 k + j``; ``single[p, t]`` is the score of one
inside frame ``t``. Frames from 691 on are an artefact of rounding up and not to be read. A few
tracks at a time need little memory: all ninety have 111 MB of scores.

``heads.onnx``: hidden, track [n], begin [n], end [n] -> velocity_logits [n, 128],
refine_logits [n, 2], presence_logits [n, 2], for decoded intervals only.

The model is Transkun 2: Yan & Duan, "Scoring Time Intervals using Non-Hierarchical Transformer
for Automatic Piano Transcription", ISMIR 2024.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.metadata
import importlib.util
import json
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

VERSION = "2.0.1"
CHECKPOINT_SHA256 = "50a80010effc2a59ffcd068a95cd2b29bd7f23a27a3515bc3ccd209c89a3d44c"
FRAMES, MELS, CHANNELS = 691, 229, 6
TRACKS = (-64, -67, *range(21, 109))
LAYERS, HEADS, WIDTH = 6, 8, 256
STEPS = 88  # time steps after the convolutions, each of 8 frames
BINS = 58  # frequency steps after the convolutions
PATCH = 8  # frames in one time step
BLOCKS = 4  # of begin frames
BLOCK = STEPS * PATCH // BLOCKS
OPSET = 20

Array = npt.NDArray[Any]

CARD = """# Transkun 2, converted to ONNX

Transcribes solo piano: key presses and releases with MIDI velocity, and sustain-pedal spans.

## Origin
- Model and checkpoint: Transkun 2 by Yujia Yan, the file `transkun/pretrained/2.0.pt` of the PyPI
  package `transkun` {version} (SHA-256 `{checkpoint}`), 13.6 million parameters.
- Papers: Yan & Duan, "Scoring Time Intervals using Non-Hierarchical Transformer for Automatic Piano
  Transcription", ISMIR 2024; Yan, Cwitkowitz & Duan, "Skipping the Frame-Level: Event-Based Piano
  Transcription With Neural Semi-CRFs", NeurIPS 2021.
- Training: the package's instructions use MAESTRO (whose licence is CC BY-NC-SA 4.0); its author
  says that this checkpoint saw augmented sound and notes not lengthened by the pedal.

## Licence
MIT, Copyright (c) 2021 Yujia Yan: `LICENSE.transkun`, which covers these files. The same holds for
what was written after his code: `crescendai.music.mel`, `crescendai.music.semicrf`,
`crescendai.music.stitching` and `crescendai.adapters.models.transkun` reimplement its front end,
decoder, joining of segments and reading of attributes.

## What was converted
`python tools/export_transkun.py --out FOLDER` made every file here; nothing was trained.
- `convolutions.onnx`: from the spectra of one segment of 16 s to the transformer's tokens.
- `transformer.onnx`: the transformer. Its last layer is computed for the 90 tracks alone.
- `scorer.onnx`: upsampling and interval scores of some of the tracks. Upsampling and scorer, both
  linear, are multiplied into one; scores are computed only where an end lies after its begin.
  These change rounding only.
- `heads.onnx`: velocity, sub-frame times and presence of decoded intervals.
- `front_end.json`: the five learned analysis windows.
- Weights of 4,096 elements and more are stored as float16; the graphs' arithmetic is float32. The
  server runs transformer and scorer in bfloat16 where the processor can
  (docs/decisions/0015-openvino.md).
- Not converted: parts used in training only.

## Checksums
{sums}
The server compares them whenever it loads the model.

## Measured agreement
24 November 2026, CC0 recordings of an acoustic grand (Kimiko Ishizaka: Goldberg aria, WTC I prelude
1, fugue 1, prelude 3).
- Against the torch implementation, 40 s of each (`python -m bench.transcription --seconds 40`):
  1,040 of 1,040 notes, none more; onset, offset and pedal-frame F1 1.0000; velocity r at least
  0.99997 (4 notes differ); largest onset shift 1.2 ms.
- float16 against float32 weights, 60 s of each: the same 1,420 notes, 4 velocities differ.
- CPU time per second of sound, two threads on a machine busy with other work: 0.35 s, torch 2.43 s
  (by the clock 0.54 and 4.60).
- Peak memory of 30 minutes (3.5 of them sound, the rest digital silence), one thread: 980 MB, of
  which the samples are 320; the same after the first segment as after the last.

27 November 2026, 60 PercePiano performances rendered through two soundfonts each, 6 s
(`python -m bench.transcription --only agreement`); F1 × 100, mean over 120 renders:

| | onset | offset | onset + velocity | pedal frames | pedal presses |
|---|---|---|---|---|---|
| reference against the MIDI | 98.73 | 65.89 | 68.66 | 53.28 | 11.60 |
| ours against the MIDI, in float32 | 98.73 | 65.94 | 68.62 | 53.58 | 11.91 |
| ours against the MIDI, transformer in bfloat16 | 98.73 | 65.83 | 68.59 | 53.33 | 11.41 |
| ours against the reference, in float32 | 100.00 | 99.97 | 99.96 | 99.64 | 99.64 |
| ours against the reference, transformer in bfloat16 | 99.99 | 99.80 | 99.91 | 99.87 | 98.39 |

## Limits
- Solo piano only; other instruments and voices are heard as piano notes.
- Segments of 16 s every 8.01 s, mono, 44,100 Hz. Other windows ruin it.
- Its pedal is poor (last two columns above), and velocities heard from sound are biased.
"""


def package_dir() -> Path:
    """Folder of the installed ``transkun`` package, found without importing it."""
    spec = importlib.util.find_spec("transkun")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit("transkun is not installed: pip install --no-deps transkun==" + VERSION)
    return Path(next(iter(spec.submodule_search_locations)))


def load_state() -> dict[str, Array]:
    """The checkpoint's tensors as numpy arrays, after a check that it is the expected file."""
    import torch

    path = package_dir() / "pretrained" / "2.0.pt"
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != CHECKPOINT_SHA256:
        raise SystemExit(f"{path.name} has SHA-256 {found}, expected {CHECKPOINT_SHA256}")
    checkpoint = torch.load(path, map_location="cpu", weights_only=False)
    return {name: tensor.numpy() for name, tensor in checkpoint["state_dict"].items()}


def reference_model() -> Any:
    """The original torch model with its shipped weights, to compare with.

    Packages that only its training or MIDI code needs are replaced by empty modules; the mel
    filters, which it would ask torchaudio for, come from the checkpoint.
    """
    import torch

    for name in ("torchaudio", "pretty_midi", "mir_eval"):
        if importlib.util.find_spec(name) is None or name == "torchaudio":
            sys.modules[name] = types.ModuleType(name)
    functional = types.ModuleType("torchaudio.functional")
    functional.melscale_fbanks = (  # type: ignore[attr-defined]
        lambda n_freqs, n_mels, **_: torch.zeros(n_freqs, n_mels)
    )
    sys.modules["torchaudio"].functional = functional  # type: ignore[attr-defined]
    from transkun.ModelTransformer import ModelConfig, TransKun

    config = ModelConfig()
    written = json.loads((package_dir() / "pretrained" / "2.0.conf").read_text())
    config.__dict__.update(written["Model"]["config"])
    model = TransKun(config)
    state = {name: torch.from_numpy(value) for name, value in load_state().items()}
    model.load_state_dict(state, strict=True)
    model.eval()
    torch.set_grad_enabled(False)
    return model


class Graph:
    """Collects nodes and weights of one ONNX graph; every method returns a value's name."""

    def __init__(self, name: str, half: bool) -> None:
        self.name = name
        self.half = half
        self.nodes: list[Any] = []
        self.weights: list[Any] = []
        self._known: dict[tuple[str, bytes], str] = {}

    def const(self, value: Array) -> str:
        """A constant kept as it is."""
        from onnx import numpy_helper

        value = np.ascontiguousarray(value)
        key = (f"{value.dtype}{value.shape}", value.tobytes())
        if key not in self._known:
            name = f"c{len(self._known)}"
            self._known[key] = name
            self.weights.append(numpy_helper.from_array(value, name))
        return self._known[key]

    def ints(self, *values: int) -> str:
        return self.const(np.array(values, np.int64))

    def weight(self, value: Array) -> str:
        """A learned tensor: large ones are stored as float16 and cast up at load."""
        value = np.asarray(value, np.float32)
        if not self.half or value.size < 4096:
            return self.const(value)
        return self.op("Cast", self.const(value.astype(np.float16)), to=1)

    def op(
        self, kind: str, *inputs: str, domain: str = "", out: str = "", **attributes: Any
    ) -> str:
        return self.ops(kind, *inputs, domain=domain, outs=[out or ""], **attributes)[0]

    def ops(
        self, kind: str, *inputs: str, outs: list[str], domain: str = "", **attributes: Any
    ) -> list[str]:
        from onnx import helper

        names = [out or f"n{len(self.nodes)}_{i}" for i, out in enumerate(outs)]
        self.nodes.append(helper.make_node(kind, inputs, names, domain=domain, **attributes))
        return names

    def linear(self, x: str, weight: str, bias: str) -> str:
        return self.op("Add", self.op("MatMul", x, weight), bias)

    def save(self, path: Path, inputs: dict[str, Any], outputs: dict[str, Any]) -> None:
        from onnx import helper

        def describe(values: dict[str, Any]) -> list[Any]:
            return [helper.make_tensor_value_info(k, t, shape) for k, (t, shape) in values.items()]

        graph = helper.make_graph(
            self.nodes, self.name, describe(inputs), describe(outputs), self.weights
        )
        opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid("com.microsoft", 1)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=10)
        model.producer_name = "crescendai export_transkun"
        path.write_bytes(model.SerializeToString(deterministic=True))


def build_convolutions(state: dict[str, Array], half: bool) -> Graph:
    """From the mel front end to one token for every time and frequency step."""
    g = Graph("transkun_convolutions", half)
    s = {k.removeprefix("backbone."): v for k, v in state.items()}
    g.op("Identity", _convolutions(g, s), out="tokens")
    return g


def build_transformer(state: dict[str, Array], half: bool) -> Graph:
    """From the tokens to what is known of every track and time step."""
    g = Graph("transkun_transformer", half)
    s = {k.removeprefix("backbone."): v for k, v in state.items()}
    g.op("Identity", _encoder(g, s, "tokens"), out="hidden")
    return g


def build_scorer(state: dict[str, Array], half: bool) -> Graph:
    """From there to interval scores."""
    g = Graph("transkun_scorer", half)
    # Upsampling and scorer are both linear: one product gives queries, keys and single scores.
    # The runtime multiplies the two weights once, when it loads the graph.
    up, up_bias = _upsampler(g, state)
    scorer, scorer_bias = state["scorer.map.0.weight"], state["scorer.map.0.bias"]
    size = (scorer.shape[0] - 1) // 2
    scale = np.float32(1 / np.sqrt(size))
    parts = []
    for rows, factor in (
        (slice(0, size), scale),
        (slice(size, 2 * size), np.float32(1)),
        (slice(2 * size, 2 * size + 1), np.float32(1)),
    ):
        project = g.weight(scorer[rows].T * factor)
        width = scorer[rows].shape[0]
        weight = g.op("Reshape", g.op("MatMul", up, project), g.ints(WIDTH, PATCH * width))
        bias = g.linear(up_bias, project, g.weight(scorer_bias[rows] * factor))
        bias = g.op("Tile", bias, g.ints(PATCH))
        shape = g.ints(-1, STEPS * PATCH, width)
        parts.append(g.op("Reshape", g.linear("hidden", weight, bias), shape))
    query, key, single = parts
    g.op("Squeeze", single, g.ints(2), out="single")
    # An interval ends after it begins, so a block of begins needs only the ends from there on.
    axis, last = g.ints(1), g.ints(STEPS * PATCH)
    for block in range(BLOCKS):
        first = g.ints(block * BLOCK)
        begins = g.op("Slice", key, first, g.ints((block + 1) * BLOCK), axis)
        ends = g.op("Slice", query, first, last, axis)
        g.op("MatMul", begins, g.op("Transpose", ends, perm=[0, 2, 1]), out=f"affinity_{block}")
    return g


def _upsampler(g: Graph, state: dict[str, Array]) -> tuple[str, str]:
    """Weight [256, 8, 256] (in, frame in step, out) and bias [256] of step -> frames."""
    weight = state["backbone.upConv1dSkip.weight"].transpose(0, 2, 1)
    return g.weight(weight), g.weight(state["backbone.upConv1dSkip.bias"])


def _convolutions(g: Graph, s: dict[str, Array]) -> str:
    """mel [1, 6, 691, 229] -> [88, 58, 256] (time, frequency, width)."""

    def conv(x: str, name: str, strides: list[int], pads: list[int]) -> str:
        weight, bias = g.weight(s[name + ".weight"]), g.weight(s[name + ".bias"])
        return g.op("Conv", x, weight, bias, strides=strides, pads=pads, kernel_shape=[3, 3])

    def norm(x: str, name: str, channels: int) -> str:
        ones, zeros = np.ones(4, np.float32), np.zeros(4, np.float32)
        shape = g.op("Shape", x)
        flat = g.op("Reshape", x, g.ints(1, 4, -1))
        flat = g.op("InstanceNormalization", flat, g.const(ones), g.const(zeros), epsilon=1e-5)
        x = g.op("Reshape", flat, shape)
        x = g.op("Mul", x, g.weight(s[name + ".weight"].reshape(channels, 1, 1)))
        return g.op("Add", x, g.weight(s[name + ".bias"].reshape(channels, 1, 1)))

    place = _position(g, s, "posEmbedBuilder", np.arange(MELS, dtype=np.float32)[:, None])
    place = g.op("Unsqueeze", g.op("Transpose", place, perm=[1, 0]), g.ints(0, 2))
    x = g.op("Add", conv("mel", "inputConv", [1, 1], [1, 1, 1, 1]), place)
    # The original pads by (4, 3) frames and (2, 1) bands, then convolves with padding 1.
    x = g.op("Gelu", norm(conv(x, "downConv.1", [2, 1], [5, 3, 4, 2]), "downConv.2", 128))
    x = g.op("Gelu", norm(conv(x, "downConv.5", [2, 2], [1, 1, 1, 1]), "downConv.6", 256))
    x = g.op("Gelu", norm(conv(x, "downConv.9", [2, 2], [1, 1, 1, 1]), "downConv.10", 256))
    x = norm(conv(x, "downConv.13", [1, 1], [1, 1, 1, 1]), "downConv.14", 256)
    return g.op("Squeeze", g.op("Transpose", x, perm=[0, 2, 3, 1]), g.ints(0))


def _position(g: Graph, s: dict[str, Array], name: str, coordinates: Array) -> str:
    """Learned position embedding of coordinates [n, 1]; folded to a constant at load."""
    phase = coordinates @ s[name + ".proj.weight"].T + s[name + ".proj.bias"]
    wave = (np.cos(phase) / np.sqrt(phase.shape[-1] / 2)).astype(np.float32)
    return _mlp(g, s, name + ".mlp", g.const(wave))


def _grid(g: Graph, s: dict[str, Array], name: str, rows: Array, columns: Array) -> str:
    """Position embedding of every (row, column): [rows, columns, 256]."""
    weight, bias = s[name + ".proj.weight"], s[name + ".proj.bias"]
    row = (rows[:, None] * weight[:, 0] + bias).astype(np.float32)[:, None, :]
    column = (columns[:, None] * weight[:, 1]).astype(np.float32)[None, :, :]
    wave = g.op("Cos", g.op("Add", g.const(row), g.const(column)))
    wave = g.op("Div", wave, g.const(np.sqrt(np.array(weight.shape[0] / 2, np.float32))))
    return _mlp(g, s, name + ".mlp", wave)


def _mlp(g: Graph, s: dict[str, Array], name: str, x: str, scale: str | None = None) -> str:
    """Linear, GELU, linear; ``scale`` [width] multiplies the result."""
    x = g.linear(x, g.weight(s[name + ".0.weight"].T), g.weight(s[name + ".0.bias"]))
    weight, bias = g.weight(s[name + ".3.weight"].T), g.weight(s[name + ".3.bias"])
    if scale is not None:
        weight, bias = g.op("Mul", weight, scale), g.op("Mul", bias, scale)
    return g.linear(g.op("Gelu", x), weight, bias)


def _encoder(g: Graph, s: dict[str, Array], x: str) -> str:
    """Transformer over [time, frequency and track] -> hidden [90, 88, 256].

    Token grid: 1 + 88 time steps by 1 + 58 frequency steps and 90 tracks, with one aggregation
    row and column in front. Each layer attends along frequency, then along time; keys and values
    of both come from the layer's input, unnormalised, as in the original.
    """
    time = np.arange(STEPS + 1, dtype=np.float32)
    x = g.op("Pad", x, g.ints(1, 1, 0, 0, 0, 0))
    bins = np.arange(BINS + 1, dtype=np.float32)
    x = g.op("Add", x, _grid(g, s, "posEmbedBuilderAttnTF", time, bins))
    tracks = _grid(g, s, "posEmbedBuilderAttnTE", time, np.array(TRACKS, np.float32))
    x = g.op("Concat", x, tracks, axis=1)

    for layer in range(LAYERS):
        name = f"encoderLayers.{layer}."
        memory = x
        if layer == LAYERS - 1:  # only the tracks are read after the last layer
            x = g.op("Slice", x, g.ints(BINS + 1), g.ints(BINS + 1 + len(TRACKS)), g.ints(1))
        across = x
        x = _attend(g, s, name + "mhaBlockF", x, memory)
        x = _feed(g, s, name + "fnnBlockF", x)
        x = g.op("Transpose", x, perm=[1, 0, 2])
        memory = g.op("Transpose", across, perm=[1, 0, 2])
        x = _attend(g, s, name + "mhaBlockT", x, memory)
        x = _feed(g, s, name + "fnnBlockT", x)
        if layer < LAYERS - 1:
            x = g.op("Transpose", x, perm=[1, 0, 2])
    return g.op("Slice", x, g.ints(1), g.ints(STEPS + 1), g.ints(1))


def _normed(g: Graph, x: str) -> str:
    ones = g.const(np.ones(WIDTH, np.float32))
    return g.op("SimplifiedLayerNormalization", x, ones, axis=-1, epsilon=1e-6, stash_type=1)


def _attend(g: Graph, s: dict[str, Array], name: str, x: str, memory: str) -> str:
    """x + scale * attention(norm(x), memory), over the middle axis."""
    inner = name + ".module."
    query = g.op("MatMul", _normed(g, x), g.weight(s[inner + "q_proj_weight"]))
    key = g.op("MatMul", memory, g.weight(s[inner + "k_proj_weight"]))
    value = g.op("MatMul", memory, g.weight(s[inner + "v_proj_weight"]))
    mixed = g.op("MultiHeadAttention", query, key, value, domain="com.microsoft", num_heads=HEADS)
    scale = g.weight(s[name + ".scale"])
    weight = g.op("Mul", g.weight(s[inner + "out_proj.weight"].T), scale)
    bias = g.op("Mul", g.weight(s[inner + "out_proj.bias"]), scale)
    return g.op("Add", x, g.linear(mixed, weight, bias))


def _feed(g: Graph, s: dict[str, Array], name: str, x: str) -> str:
    """x + scale * mlp(norm(x))."""
    return g.op("Add", x, _mlp(g, s, name + ".module", _normed(g, x), g.weight(s[name + ".scale"])))


def build_heads(state: dict[str, Array], half: bool) -> Graph:
    """Velocity and sub-frame times of decoded intervals."""
    g = Graph("transkun_heads", half)
    up, up_bias = _upsampler(g, state)
    weight = g.op("Reshape", up, g.ints(WIDTH, PATCH * WIDTH))

    def context(frame: str) -> str:
        eight = g.ints(PATCH)
        place = [g.op("Unsqueeze", v, g.ints(1)) for v in ("track", g.op("Div", frame, eight))]
        step = g.op("GatherND", "hidden", g.op("Concat", *place, axis=1))
        frames = g.op("Reshape", g.op("MatMul", step, weight), g.ints(-1, PATCH, WIDTH))
        phase = g.op("Unsqueeze", g.op("Mod", frame, eight), g.ints(1))
        return g.op("Add", g.op("GatherND", frames, phase, batch_dims=1), up_bias)

    begin, end = context("begin"), context("end")
    x = g.op("Concat", begin, end, g.op("Mul", begin, end), axis=1)
    g.op("Identity", _mlp(g, state, "velocityPredictor", x), out="velocity_logits")
    both = _mlp(g, state, "refinedOFPredictor", x)
    g.ops("Split", both, outs=["refine_logits", "presence_logits"], axis=1, num_outputs=2)
    return g


def write_graphs(state: dict[str, Array], out: Path, half: bool) -> None:
    """Write the four graphs to the folder ``out``."""
    from onnx import TensorProto

    single, integer = TensorProto.FLOAT, TensorProto.INT64
    tracks = len(TRACKS)
    hidden = {"hidden": (single, [tracks, STEPS, WIDTH])}
    tokens = {"tokens": (single, [STEPS, BINS, WIDTH])}
    build_convolutions(state, half).save(
        out / "convolutions.onnx", {"mel": (single, [1, CHANNELS, FRAMES, MELS])}, tokens
    )
    build_transformer(state, half).save(out / "transformer.onnx", tokens, hidden)
    build_scorer(state, half).save(
        out / "scorer.onnx",
        {"hidden": (single, ["m", STEPS, WIDTH])},
        {
            **{
                f"affinity_{block}": (single, ["m", BLOCK, STEPS * PATCH - block * BLOCK])
                for block in range(BLOCKS)
            },
            "single": (single, ["m", STEPS * PATCH]),
        },
    )
    build_heads(state, half).save(
        out / "heads.onnx",
        {**hidden, **{name: (integer, ["n"]) for name in ("track", "begin", "end")}},
        {
            "velocity_logits": (single, ["n", 128]),
            "refine_logits": (single, ["n", 2]),
            "presence_logits": (single, ["n", 2]),
        },
    )


def write_front_end(state: dict[str, Array], out: Path) -> None:
    """The front end's learned windows: centre and width of five Gaussians, as fractions."""

    def sigmoid(x: Array) -> list[float]:
        return [float(v) for v in 1 / (1 + np.exp(-x.astype(np.float64)))]

    prefix = "framewiseFeatureExtractor.spectrogramExtractor.winGen."
    numbers = {
        "window_centers": sigmoid(state[prefix + "center"]),
        "window_widths": sigmoid(state[prefix + "sigma"]),
    }
    (out / "front_end.json").write_text(json.dumps(numbers, indent=1) + "\n")


def write_papers(out: Path) -> None:
    """Licence, model card and checksums."""
    distribution = importlib.metadata.distribution("transkun")
    if distribution.version != VERSION:
        raise SystemExit(f"transkun {distribution.version} is installed, expected {VERSION}")
    licence = distribution.read_text("LICENSE")
    if licence is None:
        raise SystemExit("the installed transkun has no LICENSE file")
    (out / "LICENSE.transkun").write_text(licence)
    names = (
        "convolutions.onnx",
        "front_end.json",
        "heads.onnx",
        "scorer.onnx",
        "transformer.onnx",
    )
    sums = [f"{hashlib.sha256((out / name).read_bytes()).hexdigest()}  {name}\n" for name in names]
    (out / "SHA256SUMS").write_text("".join(sums))
    listed = "".join(f"- `{line.strip()}`\n" for line in sums)
    card = CARD.format(version=VERSION, checkpoint=CHECKPOINT_SHA256, sums=listed)
    (out / "MODEL_CARD.md").write_text(card)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--out", type=Path, required=True, help="folder to write to")
    parser.add_argument("--fp32", action="store_true", help="keep weights as float32 (to compare)")
    arguments = parser.parse_args()
    out: Path = arguments.out
    out.mkdir(parents=True, exist_ok=True)
    state = load_state()
    write_graphs(state, out, half=not arguments.fp32)
    write_front_end(state, out)
    write_papers(out)


if __name__ == "__main__":
    main()
