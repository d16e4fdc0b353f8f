"""Piano transcription with Transkun 2 in OpenVINO: sound in, notes and pedal out.

The network and its heads are the graphs that ``tools/export_transkun.py`` wrote (their model card
and licence lie beside them); the front end, the decoder and the joining of segments are the pure
functions of ``crescendai.music``. Segments are the model's own: 16 s, every 345 frames (8.01 s);
it does badly on others. A few segments are held at a time, so memory does not grow with the
recording.

Source: Yan & Duan, "Scoring Time Intervals using Non-Hierarchical Transformer for Automatic Piano
Transcription", ISMIR 2024.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from crescendai.adapters.models.network import Cancelled, Network, Request
from crescendai.adapters.models.transkun_segments import (
    LEAD,
    SEGMENT,
    STEP_FRAMES,
    SegmentNetwork,
    begins,
)
from crescendai.music.mel import HOP, SAMPLE_RATE
from crescendai.music.notes import Performance, note_array, pedal_array
from crescendai.music.semicrf import Intervals, follow
from crescendai.music.stitching import Event, Stitcher

Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]

WEIGHTS_DIR = Path(__file__).parent / "weights" / "transkun"

SUSTAIN, SOFT = -64, -67  # minus the pedal's MIDI controller number
TRACKS = np.array([SUSTAIN, SOFT, *range(21, 109)])
LAST_FRAME = round(SEGMENT / HOP)
FRAME_SEC = HOP / SAMPLE_RATE


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

    def __init__(
        self, weights_dir: Path | None = None, threads: int = 2, narrow: bool = True
    ) -> None:
        """Load and check the model; takes a few seconds. ``threads`` is how many segments' networks
        run side by side, up to four, and beyond that how many cores they share. ``narrow`` is that
        of :class:`Network`.

        Raises DamagedWeights if a file is missing or its SHA-256 is not the listed one.
        """
        folder = weights_dir or WEIGHTS_DIR
        verify(folder)
        self._network = SegmentNetwork(folder, threads, narrow)
        self._heads = Network(folder / "heads.onnx")

    def transcribe(
        self,
        samples: npt.NDArray[np.float32],
        sample_rate: int,
        progress: Callable[[float], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> Performance:
        """Notes and sustain pedal of ``samples`` [n], mono, full scale ±1, at 44,100 Hz.

        ``progress`` is told the finished share, 0 to 1, after each 8 s of sound. ``cancelled`` is
        asked every 0.1 s, from several threads; when it says yes, the network stops at its next
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
        try:
            events = self._listen(
                samples, progress or (lambda share: None), cancelled or (lambda: False)
            )
        except Cancelled as over:
            raise TranscriptionCancelled from over
        return _performance(events, len(samples) / SAMPLE_RATE)

    def _listen(
        self,
        samples: Floats,
        progress: Callable[[float], None],
        cancelled: Callable[[], bool],
    ) -> list[Event]:
        heads = self._heads.request()
        stitcher = Stitcher()
        start = np.full(len(TRACKS), LEAD // HOP, np.int64)
        segments = len(begins(len(samples)))
        with closing(self._network.see(samples, cancelled)) as seen_segments:
            for done, (begin, seen) in enumerate(seen_segments, 1):
                if seen is None:
                    start = np.zeros(len(TRACKS), np.int64)
                else:
                    intervals, scores = follow(seen.choices, start)
                    attributes = _attributes(heads, seen.hidden, intervals, scores)
                    stitcher.add(_events(intervals, attributes, begin / SAMPLE_RATE))
                    start = _next_start(intervals, attributes)
                progress(done / segments)
        if not segments:
            progress(1.0)
        return stitcher.finish()


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


def _attributes(
    heads: Request, hidden: Floats, intervals: Intervals, scores: Floats
) -> _Attributes:
    velocity, refine, presence = heads.run({"hidden": hidden, **intervals._asdict()})
    shift = np.clip((_continuous_bernoulli_mean(refine) - 0.5) / 0.99, -0.5, 0.5)
    probability = (1 / (1 + np.exp(-scores))).astype(np.float32)
    return _Attributes(velocity.argmax(axis=1), shift, presence > 0, probability)


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
