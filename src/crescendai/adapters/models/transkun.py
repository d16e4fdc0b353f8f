"""Piano transcription with Transkun 2 in ONNX Runtime: sound in, notes and pedal out.

The network and its heads are the graphs that ``tools/export_transkun.py`` wrote (their model card
and licence lie beside them); the front end, the decoder and the joining of segments are the pure
functions of ``crescendai.music``. Segments are the model's own: 16 s, every 345 frames (8.01 s);
it does badly on others. One segment is held at a time, so memory does not grow with the recording.

Source: Yan & Duan, "Scoring Time Intervals using Non-Hierarchical Transformer for Automatic Piano
Transcription", ISMIR 2024.
"""

from __future__ import annotations

import hashlib
import json
import math
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from crescendai.music.mel import HOP, SAMPLE_RATE, MelFrontEnd, frame_count
from crescendai.music.notes import Performance, note_array, pedal_array
from crescendai.music.semicrf import Intervals, decode, scores
from crescendai.music.stitching import Event, Stitcher

Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]

WEIGHTS_DIR = Path(__file__).parent / "weights" / "transkun"

SUSTAIN, SOFT = -64, -67  # minus the pedal's MIDI controller number
TRACKS = np.array([SUSTAIN, SOFT, *range(21, 109)])
SEGMENT = 16 * SAMPLE_RATE  # samples
LEAD = 8 * SAMPLE_RATE  # samples of silence before and after the recording
STEP_FRAMES = math.ceil(8 * SAMPLE_RATE / HOP)
STEP = STEP_FRAMES * HOP  # samples
FRAMES = frame_count(SEGMENT)
LAST_FRAME = round(SEGMENT / HOP)
FRAME_SEC = HOP / SAMPLE_RATE
ASK_EVERY_SEC = 0.1


class TranscriptionCancelled(Exception):
    """The caller's ``cancelled`` said yes."""


class DamagedWeights(Exception):
    """A file of the model is missing or not the one that was shipped."""


class _Attributes(NamedTuple):
    """What the heads say about each interval."""

    velocity: Integers  # [n], 0–127
    shift: Floats  # [n, 2] frames to add to begin and end, -0.5 … 0.5
    present: npt.NDArray[np.bool_]  # [n, 2] begins, ends inside the segment
    probability: Floats  # [n] that there is one, by its score over rest


class TranskunTranscriber:
    """Transcribes mono piano sound. Safe to use from several threads, one call at a time each."""

    def __init__(self, weights_dir: Path | None = None, threads: int = 2) -> None:
        """Load and check the model; takes about a second.

        Raises DamagedWeights if a file is missing or its SHA-256 is not the listed one.
        """
        folder = weights_dir or WEIGHTS_DIR
        verify(folder)
        self._network = _session(folder / "network.onnx", threads)
        self._heads = _session(folder / "heads.onnx", threads)
        windows = json.loads((folder / "front_end.json").read_text())
        self._front_end = MelFrontEnd(windows["window_centers"], windows["window_widths"])

    def transcribe(
        self,
        samples: npt.NDArray[np.float32],
        sample_rate: int,
        progress: Callable[[float], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> Performance:
        """Notes and sustain pedal of ``samples`` [n], mono, full scale ±1, at 44,100 Hz.

        ``progress`` is told the finished share, 0 to 1, after each 8 s of sound. ``cancelled`` is
        asked every 0.1 s, from another thread; when it says yes, the network stops at its next
        operation and TranscriptionCancelled is raised. Raises ValueError for another sample rate
        or more than one channel.
        """
        if sample_rate != SAMPLE_RATE:
            raise ValueError(
                f"the transcriber takes {SAMPLE_RATE} Hz and was given {sample_rate} Hz: "
                "resample first"
            )
        if samples.ndim != 1:
            raise ValueError(f"samples have shape {samples.shape}, expected one channel: mix down")
        with _run_options(cancelled) as options:
            events = self._listen(samples, options, progress or (lambda share: None))
        return _performance(events, len(samples) / SAMPLE_RATE)

    def _listen(
        self, samples: Floats, options: Any, progress: Callable[[float], None]
    ) -> list[Event]:
        begins = range(-LEAD, len(samples) + LEAD, STEP) if len(samples) else range(0)
        stitcher = Stitcher()
        start = np.full(len(TRACKS), LEAD // HOP, np.int64)
        for done, begin in enumerate(begins):
            if options.terminate:
                raise TranscriptionCancelled
            segment = _cut(samples, begin)
            if segment.any():
                intervals, attributes = self._hear(segment, start, options)
                stitcher.add(_events(intervals, attributes, begin / SAMPLE_RATE))
                start = _next_start(intervals, attributes)
            else:  # the network finds nothing in digital silence, the tail's padding for one
                start = np.zeros(len(TRACKS), np.int64)
            progress((done + 1) / len(begins))
        if not begins:
            progress(1.0)
        return stitcher.finish()

    def _hear(
        self, segment: Floats, start: Integers, options: Any
    ) -> tuple[Intervals, _Attributes]:
        """Decode one segment of 16 s, each track from its ``start`` frame on."""
        mel = self._front_end(segment)
        try:
            *blocks, single, hidden = self._network.run(None, {"mel": mel[None]}, options)
        except Exception as error:  # the runtime has no class of its own for an ended run
            if options.terminate:
                raise TranscriptionCancelled from error
            raise
        blocks, single = _trimmed(blocks), single[:, :FRAMES]
        intervals = decode(blocks, single, start)
        rest = np.exp(-scores(blocks, single, intervals))
        probability = (1 / (1 + rest)).astype(np.float32)
        del blocks  # 110 MB
        logits = self._heads.run(
            ["velocity_logits", "refine_logits", "presence_logits"],
            {"hidden": hidden, **intervals._asdict()},
        )
        velocity, refine, presence = logits
        shift = np.clip((_continuous_bernoulli_mean(refine) - 0.5) / 0.99, -0.5, 0.5)
        return intervals, _Attributes(velocity.argmax(axis=1), shift, presence > 0, probability)


def verify(folder: Path) -> None:
    """Compare the files of ``folder`` with its SHA256SUMS; raises DamagedWeights."""
    try:
        lines = (folder / "SHA256SUMS").read_text().splitlines()
        for line in lines:
            expected, name = line.split()
            found = hashlib.sha256((folder / name).read_bytes()).hexdigest()
            if found != expected:
                raise DamagedWeights(
                    f"{name} of the transcription model in {folder} has SHA-256 {found}, expected "
                    f"{expected}: install the package again or run tools/export_transkun.py"
                )
    except FileNotFoundError as missing:
        raise DamagedWeights(
            f"the transcription model's file {missing.filename} is missing: install the package "
            "again or run tools/export_transkun.py"
        ) from missing


def _session(path: Path, threads: int) -> Any:
    import onnxruntime  # slow to import, so not before a model is asked for

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.enable_mem_pattern = False  # it would hold a second arena: 250 MB for no speed
    # Threads that spin while they wait burn the core that another request could use.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


@contextmanager
def _run_options(cancelled: Callable[[], bool] | None) -> Iterator[Any]:
    """Options for the runtime, told to terminate as soon as ``cancelled`` says yes."""
    import onnxruntime

    options = onnxruntime.RunOptions()
    if cancelled is None:
        yield options
        return
    over = threading.Event()

    def watch() -> None:
        while not over.is_set():
            if cancelled():
                options.terminate = True
                return
            over.wait(ASK_EVERY_SEC)

    watching = threading.Thread(target=watch, daemon=True)
    watching.start()
    try:
        yield options
    finally:
        over.set()
        watching.join()


def _cut(samples: Floats, begin: int) -> Floats:
    """The segment of 16 s from sample ``begin`` on, silent where there is no sound."""
    segment = np.zeros(SEGMENT, np.float32)
    first, last = max(begin, 0), min(begin + SEGMENT, len(samples))
    if last > first:
        segment[first - begin : last - begin] = samples[first:last]
    return segment


def _trimmed(blocks: list[Floats]) -> list[Floats]:
    """The network's blocks of interval scores without the frames past the segment's end."""
    firsts = np.cumsum([0, *(block.shape[1] for block in blocks)])
    return [
        block[:, : FRAMES - first, : FRAMES - first]
        for block, first in zip(blocks, firsts.tolist(), strict=False)
    ]


def _continuous_bernoulli_mean(logits: Floats) -> Floats:
    """Mean of a continuous Bernoulli distribution with these logits; 0.5 at logit 0."""
    x = logits.astype(np.float64)
    near = np.abs(x) < 1e-2
    safe = np.where(near, 1.0, x)
    exact = 1 / -np.expm1(-safe) - 1 / safe
    return np.where(near, 0.5 + x / 12, exact).astype(np.float32)


def _events(intervals: Intervals, attributes: _Attributes, begin_sec: float) -> Iterator[Event]:
    """The intervals of a segment that begins at ``begin_sec`` as events."""
    frames = np.stack([intervals.begin, intervals.end], axis=1)
    times = (frames + attributes.shift.astype(np.float64)) * FRAME_SEC
    inside = np.stack([frames[:, 0] > 0, frames[:, 1] < LAST_FRAME], axis=1)
    inside |= attributes.present
    previous, last_end = -1, 0.0
    for track, (start, end), velocity, (has_onset, has_offset), probability in zip(
        intervals.track.tolist(),
        times.tolist(),
        attributes.velocity.tolist(),
        inside.tolist(),
        attributes.probability.tolist(),
        strict=True,
    ):
        start = max(start, last_end if track == previous else 0.0)
        end = max(end, start + 1e-8)
        previous, last_end = track, end
        heard = int(TRACKS[track]), start + begin_sec, end + begin_sec, velocity
        yield Event(*heard, has_onset, has_offset, probability)


def _next_start(intervals: Intervals, attributes: _Attributes) -> Integers:
    """Frame of the next segment to decode from: where each track's last complete event ended."""
    complete = (intervals.end < LAST_FRAME) | attributes.present[:, 1]
    ends = np.zeros(len(TRACKS), np.int64)
    ends[intervals.track[complete]] = intervals.end[complete]  # in order of time: the last stays
    return np.maximum(ends - STEP_FRAMES, 0)


def _performance(events: list[Event], duration_sec: float) -> Performance:
    heard = sorted((e for e in events if e.track > 0), key=lambda e: (e.start_sec, e.track))
    notes = [(e.start_sec, e.end_sec, e.track, max(e.velocity, 1)) for e in heard]
    pedal = [(e.start_sec, e.end_sec) for e in events if e.track == SUSTAIN]
    probabilities = np.array([e.probability for e in heard], np.float32)
    return Performance(note_array(notes), pedal_array(pedal), duration_sec, probabilities)
