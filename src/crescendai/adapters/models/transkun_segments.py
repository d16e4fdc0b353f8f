"""What Transkun's network says of the segments of a recording, several of them side by side.

A segment's network needs to know nothing of the other segments, and one thread for each of them
scales better than many for one. One segment more than networks run is being worked on: its spectra
are made and its scores decoded by this interpreter while the networks have the other ones.
"""

from __future__ import annotations

import json
import math
from collections import deque
from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from queue import SimpleQueue
from threading import Event
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from crescendai.adapters.models.network import Cancelled, Network, Request
from crescendai.music.mel import HOP, SAMPLE_RATE, MelFrontEnd, frame_count
from crescendai.music.semicrf import Choices, choose

Floats = npt.NDArray[np.float32]

SEGMENT = 16 * SAMPLE_RATE  # samples
LEAD = 8 * SAMPLE_RATE  # samples of silence before and after the recording
STEP_FRAMES = math.ceil(8 * SAMPLE_RATE / HOP)
STEP = STEP_FRAMES * HOP  # samples
FRAMES = frame_count(SEGMENT)
MAX_AT_ONCE = 4  # segments; each takes more than 100 MB
TRACKS_AT_ONCE = 15  # their scores take 18 MB


class Seen(NamedTuple):
    """What the network says of one segment."""

    choices: Choices
    hidden: Floats  # [tracks, steps, width], for the heads


class _Requests(NamedTuple):
    convolutions: Request
    transformer: Request
    scorer: Request


class SegmentNetwork:
    """The graphs from sound to decoded scores. Safe to share between threads."""

    def __init__(self, folder: Path, threads: int, narrow: bool) -> None:
        at_once = min(threads, MAX_AT_ONCE)
        each = threads // at_once
        # In narrow numbers the convolutions would be hardly faster, and make most of the error.
        # They and the scorer take a fraction of the transformer's time, and memory for each run.
        networks = (
            Network(folder / "convolutions.onnx", threads=each, at_once=(at_once + 1) // 2),
            Network(folder / "transformer.onnx", threads=each, at_once=at_once, narrow=narrow),
            Network(folder / "scorer.onnx", narrow=narrow),
        )
        self._workers = at_once + 1
        self._pool = ThreadPoolExecutor(self._workers, thread_name_prefix="segment")
        self._idle = SimpleQueue[_Requests]()  # one for each worker
        for _ in range(self._workers):
            self._idle.put(_Requests(*(network.request() for network in networks)))
        windows = json.loads((folder / "front_end.json").read_text())
        self._front_end = MelFrontEnd(windows["window_centers"], windows["window_widths"])

    def see(
        self, samples: Floats, cancelled: Callable[[], bool]
    ) -> Generator[tuple[int, Seen | None], None, None]:
        """The first sample of each segment, in order, and what was seen in it; None in digital
        silence. Close it if it is not read to its end. Raises Cancelled."""
        over = Event()

        def see(begin: int) -> Seen | None:
            return self._see(_cut(samples, begin), lambda: over.is_set() or cancelled())

        coming: deque[tuple[int, Future[Seen | None]]] = deque()
        try:
            for begin in begins(len(samples)):
                coming.append((begin, self._pool.submit(see, begin)))
                if len(coming) > self._workers:
                    yield _next(coming)
            while coming:
                yield _next(coming)
        finally:
            over.set()
            wait([seen for _, seen in coming if not seen.cancel()])

    def _see(self, segment: Floats, cancelled: Callable[[], bool]) -> Seen | None:
        if not segment.any():  # the network finds nothing there, in the tail's padding for one
            return None
        if cancelled():
            raise Cancelled
        requests = self._idle.get()
        try:
            return self._seen(segment, requests, cancelled)
        finally:
            self._idle.put(requests)

    def _seen(self, segment: Floats, requests: _Requests, cancelled: Callable[[], bool]) -> Seen:
        mel = self._front_end(segment)[None]
        (tokens,) = requests.convolutions.run({"mel": mel}, cancelled)
        (hidden,) = requests.transformer.run({"tokens": tokens}, cancelled)
        parts = []
        for first in range(0, len(hidden), TRACKS_AT_ONCE):
            tracks = {"hidden": hidden[first : first + TRACKS_AT_ONCE]}
            *blocks, single = requests.scorer.run(tracks, cancelled)
            parts.append(choose(*_trimmed(blocks, single)))
        return Seen(Choices.joined(parts), hidden.copy())


def begins(samples: int) -> range:
    """The first sample of each segment of a recording of so many samples."""
    return range(-LEAD, samples + LEAD, STEP) if samples else range(0)


def _next(coming: deque[tuple[int, Future[Seen | None]]]) -> tuple[int, Seen | None]:
    begin, seen = coming.popleft()
    return begin, seen.result()


def _cut(samples: Floats, begin: int) -> Floats:
    """The segment of 16 s from sample ``begin`` on, silent where there is no sound."""
    segment = np.zeros(SEGMENT, np.float32)
    first, last = max(begin, 0), min(begin + SEGMENT, len(samples))
    if last > first:
        segment[first - begin : last - begin] = samples[first:last]
    return segment


def _trimmed(blocks: list[Floats], single: Floats) -> tuple[list[Floats], Floats]:
    """The network's scores without the frames past the segment's end."""
    firsts = np.cumsum([0, *(block.shape[1] for block in blocks)])
    trimmed = [
        block[:, : FRAMES - first, : FRAMES - first]
        for block, first in zip(blocks, firsts.tolist(), strict=False)
    ]
    return trimmed, single[:, :FRAMES].copy()
