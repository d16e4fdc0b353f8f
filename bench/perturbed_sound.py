"""Perturbed performances as the server hears them: rendered, spoilt, transcribed, cached.

Several excerpts are rendered and transcribed as one recording with silence between them, which
spares the 16 s of context that every recording costs. Transcriptions are kept in the folder
``$EARS_CACHE/metamorphic``, one file for each excerpt and version, so a run takes up where the
last one stopped. Needs fluidsynth and the soundfonts of ``tools.render_and_transcribe``.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import av
import mido
import numpy as np
import numpy.typing as npt
import soxr

from bench.perturbations import PLAYED, VERSIONS
from crescendai.music.notes import Performance
from tests.fixtures.sounds import encode
from tools.render_and_transcribe import (
    SAMPLE_RATE,
    SOUNDFONTS,
    Transcriber,
    cache_folder,
    load_notes,
    read_wav,
    save_notes,
    transcribe_packed,
)

PACK = 20
RING_SEC = 3.0  # between excerpts when they are rendered, so that none rings into the next …
GAP_SEC = 1.5  # … and when they are transcribed
GAIN = "0.9"  # of the synthesiser: the loudest excerpts stay below full scale
SOFTER_GAIN_DB = -12.0
NOISE_DB = -20.0  # of white noise against the sound
NARROW_RATE = 16_000
TICKS_PER_SEC = 960

Samples = npt.NDArray[np.float32]
Spoil = Callable[[Samples], Samples]


def quieter(samples: Samples) -> Samples:
    return (samples * 10 ** (SOFTER_GAIN_DB / 20)).astype(np.float32)


def through_mp3(samples: Samples) -> Samples:
    """Encoded at 128 kbit/s and decoded again."""
    return _through(samples, ".mp3")


def through_m4a(samples: Samples) -> Samples:
    """AAC at 128 kbit/s and back."""
    return _through(samples, ".m4a")


def narrow(samples: Samples) -> Samples:
    """Resampled to 16 kHz and back."""
    low = soxr.resample(samples, SAMPLE_RATE, NARROW_RATE)
    return _as_long(soxr.resample(low, NARROW_RATE, SAMPLE_RATE), len(samples))


def noisy(samples: Samples, noise_db: float = NOISE_DB) -> Samples:
    """White noise ``noise_db`` above the sound's own level."""
    level = float(np.sqrt(np.mean(samples.astype(np.float64) ** 2)))
    noise = np.random.default_rng(len(samples)).standard_normal(len(samples))
    return (samples + noise * level * 10 ** (noise_db / 20)).astype(np.float32)


def drowned(samples: Samples) -> Samples:
    """White noise 3 dB below the sound's own level: what the transcriber is less sure of."""
    return noisy(samples, -3.0)


SPOILT: dict[str, Spoil] = {
    "noise 3 dB below": drowned,
    "noise 20 dB below": noisy,
    "16 kHz": narrow,
    "MP3 at 128 kbit/s": through_mp3,
    "M4A at 128 kbit/s": through_m4a,
    "12 dB less gain": quieter,
}


def heard(
    excerpts: dict[str, Performance], version: str, transcribe: Transcriber | None
) -> dict[str, Performance]:
    """Each excerpt in one version, transcribed; without a transcriber, what is in the cache."""
    folder = cache_folder() / "metamorphic"
    folder.mkdir(exist_ok=True)
    file_name = re.sub("[^A-Za-z0-9]+", "-", version)
    paths = {name: folder / f"{name}.{file_name}.npz" for name in excerpts}
    missing = [name for name in excerpts if not paths[name].exists()]
    if transcribe is not None and missing:
        change = VERSIONS.get(version, VERSIONS[PLAYED])
        sounds = render({name: change(excerpts[name]) for name in missing})
        for first in range(0, len(missing), PACK):
            names = missing[first : first + PACK]
            pack = [_spoilt(sounds[name], version) for name in names]
            for name, found in zip(
                names, transcribe_packed(transcribe, pack, GAP_SEC), strict=True
            ):
                save_notes(found, paths[name])
    return {name: load_notes(path) for name, path in paths.items() if path.exists()}


def _spoilt(samples: Samples, version: str) -> Samples:
    return SPOILT[version](samples) if version in SPOILT else samples


def render(performances: dict[str, Performance]) -> dict[str, Samples]:
    """Each performance's sound, through the soundfont that its name draws."""
    sounds: dict[str, Samples] = {}
    for number, soundfont in enumerate(SOUNDFONTS):
        own = [name for name in performances if sum(name.encode()) % len(SOUNDFONTS) == number]
        if own:
            together = _render_together([performances[name] for name in own], soundfont)
            sounds |= dict(zip(own, together, strict=True))
    return sounds


def _render_together(performances: list[Performance], soundfont: Path) -> list[Samples]:
    starts = np.cumsum([0.0, *(p.duration_sec + RING_SEC for p in performances)])
    with tempfile.TemporaryDirectory() as folder:
        midi_path, wav_path = Path(folder, "pack.mid"), Path(folder, "pack.wav")
        _write_midi(performances, starts, midi_path)
        command = ["fluidsynth", "-ni", "-q", "-g", GAIN, "-r", str(SAMPLE_RATE)]
        command += ["-o", "synth.chorus.active=0", "-F", str(wav_path)]
        command += [str(soundfont), str(midi_path)]
        subprocess.run(command, check=True, capture_output=True)
        whole = read_wav(wav_path)
    cuts = [
        (int(start * SAMPLE_RATE), int(performance.duration_sec * SAMPLE_RATE))
        for start, performance in zip(starts, performances, strict=False)
    ]
    return [_as_long(whole[first:], length) for first, length in cuts]


def _write_midi(
    performances: list[Performance], starts_sec: npt.NDArray[np.float64], path: Path
) -> None:
    """One type-0 file, the performances one after the other; each ends with the pedal up."""
    events: list[tuple[float, int, mido.Message]] = []
    for start, performance in zip(starts_sec.tolist(), performances, strict=False):
        for onset, offset, pitch, velocity in performance.notes.tolist():
            struck = mido.Message("note_on", note=pitch, velocity=velocity)
            events.append((start + onset, 2, struck))
            events.append((start + offset, 1, mido.Message("note_off", note=pitch)))
        for onset, offset in performance.pedal.tolist():
            events.append((start + onset, 3, _pedal(127)))
            events.append((start + offset, 0, _pedal(0)))
    track = mido.MidiTrack([mido.Message("program_change", program=0)])
    last_tick = 0
    for at_sec, _, message in sorted(events, key=lambda event: event[:2]):
        tick = round(at_sec * TICKS_PER_SEC)
        track.append(message.copy(time=tick - last_tick))
        last_tick = tick
    midi = mido.MidiFile(type=0, ticks_per_beat=TICKS_PER_SEC // 2)
    midi.tracks.append(track)
    midi.save(path)


def _pedal(value: int) -> mido.Message:
    return mido.Message("control_change", control=64, value=value)


def _through(samples: Samples, ending: str) -> Samples:
    with tempfile.TemporaryDirectory() as folder:
        path = encode(Path(folder, f"sound{ending}"), samples, SAMPLE_RATE)
        with av.open(str(path)) as container:
            parts = [frame.to_ndarray().mean(axis=0) for frame in container.decode(audio=0)]
    return _as_long(np.concatenate(parts).astype(np.float32), len(samples))


def _as_long(samples: Samples, length: int) -> Samples:
    """Cut, or filled with silence, to ``length``."""
    cut = samples[:length]
    return np.pad(cut, (0, length - len(cut)))
