"""The performance analyser on this machine: decode, transcribe, measure, score."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from threading import Event

import numpy as np
import numpy.typing as npt

from crescendai.adapters.audio.files import decode, let_go
from crescendai.adapters.models.transkun import TranscriptionCancelled, TranskunTranscriber
from crescendai.errors import InvalidInput, TooLarge, UnsupportedFormat
from crescendai.music.measurements import Measuring
from crescendai.music.notes import Performance
from crescendai.music.partials import overtones_db
from crescendai.music.performance_model import PerformanceModel
from crescendai.music.prediction import Prediction
from crescendai.music.quality import AudioQuality, assess, reconsider, refusal
from crescendai.music.sound import sound_frames
from crescendai.music.sustain import held_fade_db_per_sec
from crescendai.music.windows import Window
from crescendai.ports.performance import Heard, Progress, Refused, Segment

SAMPLE_RATE = 44_100
CLIPPING_WARNING = 0.0005  # a handful of clipped samples in 10,000 can already be heard
QUIET_WARNING_DBFS = -45.0

Samples = npt.NDArray[np.float32]


class LocalAnalyzer:
    """The PerformanceAnalyzer port. Models are loaded at the first use and kept.

    The listening itself runs in a thread (the numeric libraries release the interpreter), which
    stops within a fraction of a second when the awaiting task is cancelled.
    """

    def __init__(self, *, threads: int, scratch: Path) -> None:
        self._threads = threads
        self._scratch = scratch
        self._transcriber: TranskunTranscriber | None = None
        self._model: PerformanceModel | None = None

    async def analyze(self, path: Path, progress: Progress) -> Heard:
        self._scratch.mkdir(parents=True, exist_ok=True)
        cancelled = Event()
        with tempfile.TemporaryDirectory(dir=self._scratch) as folder:
            progress("decoding", 0.0)
            try:
                samples = await decode(path, Path(folder) / "samples.f32")
            except (InvalidInput, UnsupportedFormat, TooLarge) as error:
                raise Refused(error.code, error.message) from error
            try:
                return await asyncio.to_thread(self._listen, samples, progress, cancelled)
            except asyncio.CancelledError:
                cancelled.set()
                raise

    def _listen(self, samples: Samples, progress: Progress, cancelled: Event) -> Heard:
        with ThreadPoolExecutor(1, thread_name_prefix="beside") as beside:
            try:
                return self._heard(samples, progress, cancelled, beside)
            finally:
                cancelled.set()  # what is still going on beside is in vain

    def _heard(
        self, samples: Samples, progress: Progress, cancelled: Event, beside: Executor
    ) -> Heard:
        """The sound is judged and measured beside the transcription, which hardly waits for it."""
        duration = len(samples) / SAMPLE_RATE

        def pause() -> None:
            let_go(samples)
            if cancelled.is_set():
                raise TranscriptionCancelled

        judged = beside.submit(assess, samples, SAMPLE_RATE, pause)
        framed = beside.submit(sound_frames, samples, SAMPLE_RATE, pause)
        performance = self._transcribe(samples, progress, cancelled, judged)
        rated = beside.submit(self._rate, performance, pause)
        progress("measuring", 0.0)
        fade = held_fade_db_per_sec(samples, SAMPLE_RATE, performance.notes)
        overtones = overtones_db(samples, SAMPLE_RATE, performance.notes)
        quality = reconsider(judged.result(), performance, fade, overtones)
        _refuse(quality, performance, duration)
        measuring = Measuring(performance, framed.result())
        whole = measuring.whole()
        progress("scoring", 0.0)
        prediction = rated.result()
        windows = [Window(segment.start, segment.end) for segment in prediction.segments]
        return Heard(
            model_version=prediction.version,
            duration=duration,
            scores=prediction.scores,
            holistic=prediction.holistic,
            intervals=prediction.intervals,
            temporal_segments=[
                Segment(**asdict(segment), measurements=measured)
                for segment, measured in zip(
                    prediction.segments, measuring.windows(windows, pause), strict=True
                )
            ],
            measurements={name: asdict(m) for name, m in whole.items()},
            audio_quality=_to_plain(quality),
            notes=performance.notes.tolist(),
            pedal=performance.pedal.tolist(),
        )

    def _transcribe(
        self,
        samples: Samples,
        progress: Progress,
        cancelled: Event,
        judged: Future[AudioQuality],
    ) -> Performance:
        """Raises Refused as soon as the sound is judged to be no piano's."""
        duration = len(samples) / SAMPLE_RATE
        if self._transcriber is None:
            self._transcriber = TranskunTranscriber(threads=self._threads)

        def heard(share: float) -> None:
            let_go(samples)
            progress("transcribing", share)

        def in_vain() -> bool:
            return cancelled.is_set() or (
                judged.done() and refusal(judged.result(), None, duration) is not None
            )

        try:
            performance = self._transcriber.transcribe(samples, SAMPLE_RATE, heard, in_vain)
        except TranscriptionCancelled:
            if not cancelled.is_set():
                _refuse(judged.result(), None, duration)
            raise
        _refuse(judged.result(), None, duration)
        return performance

    def _rate(self, performance: Performance, pause: Callable[[], None]) -> Prediction:
        if self._model is None:
            self._model = PerformanceModel.load()
        return self._model.predict(performance, pause)


def _refuse(quality: AudioQuality, performance: Performance | None, duration: float) -> None:
    found = refusal(quality, performance, duration)
    if found is not None:
        raise Refused(found.code, found.reason)


def _to_plain(quality: AudioQuality) -> dict[str, object]:
    warnings = [*quality.reasons, *quality.doubts]
    if quality.clipping_fraction > CLIPPING_WARNING:
        warnings.append(
            "The recording is clipped: turn the input level down or move the phone away."
        )
    if quality.level_dbfs < QUIET_WARNING_DBFS:
        warnings.append("The recording is very quiet: move the microphone closer.")
    return {
        "clipping_fraction": quality.clipping_fraction,
        "silence_fraction": quality.silence_fraction,
        "level_dbfs": quality.level_dbfs,
        "peak_dbfs": quality.peak_dbfs,
        "is_piano": quality.is_piano,
        "warnings": warnings,
    }
