"""Render a balanced part of PercePiano to audio, transcribe it, and cache the notes.

    PERCEPIANO=folder EARS_CACHE=folder python -m tools.render_and_transcribe render
    PERCEPIANO=folder EARS_CACHE=folder python -m tools.render_and_transcribe transcribe

``render`` needs fluidsynth and the two soundfonts named below (Debian: fluidsynth,
fluid-soundfont-gm, musescore-general-soundfont). ``transcribe`` uses the server's own engine;
the variable TRANSCRIBER may name another as ``module:function``, which takes (mono float32
samples, sample rate) and returns a Performance. Both steps skip what is cached,
and work in an order in which every beginning of the list is spread over all passages.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import os
import subprocess
import sys
import tempfile
import time
import wave
from collections.abc import Callable
from pathlib import Path

import mido
import numpy as np
import numpy.typing as npt

from crescendai.music.notes import NOTE_DTYPE, PEDAL_DTYPE, NoteArray, Performance
from tools.percepiano import Clip, data_folder, load_clips, read_midi

SOUNDFONTS = (
    Path("/usr/share/sounds/sf2/FluidR3_GM.sf2"),
    Path("/usr/share/sounds/sf3/MuseScore_General_Full.sf3"),
)
SAMPLE_RATE = 44_100
MAX_CLIP_SEC = 15.0
CLIPS_PER_GROUP = 7
CLIP_COUNT = 300
PACK = 10  # clips transcribed as one recording
GAP_SEC = 2.0
TAKES = {1: "", 2: "+2"}  # the second take has the other soundfont, another level, room and noise
Transcriber = Callable[[npt.NDArray[np.float32], int], Performance]


def cache_folder() -> Path:
    """Where renders and transcriptions are kept, from the environment."""
    folder = os.environ.get("EARS_CACHE")
    if not folder:
        raise SystemExit("Set EARS_CACHE to a folder outside the repository.")
    return Path(folder)


def _draw(name: str, what: str) -> float:
    """A number in [0, 1) that depends on the clip's name and ``what`` alone."""
    digest = hashlib.sha256(f"{what}:{name}".encode()).digest()
    return int.from_bytes(digest[:6], "big") / 2**48


def choose_clips(clips: list[Clip]) -> list[Clip]:
    """Take turns over groups of passages, giving each turn to the least used player.

    Within a group, the less used passage and the less used player go first.
    """
    left = sorted(clips, key=lambda clip: _draw(clip.name, "order"))
    groups = sorted({clip.group for clip in clips}, key=lambda group: _draw(group, "group"))
    used: dict[str, int] = {}
    chosen: list[Clip] = []
    for turn in range(CLIPS_PER_GROUP * 4):
        for group in groups:
            candidates = [clip for clip in left if clip.group == group]
            passages = len({clip.passage for clip in candidates})
            if not candidates or turn >= CLIPS_PER_GROUP + passages // 2:
                continue
            best = min(
                candidates,
                key=lambda c: (used.get(c.passage, 0), used.get(c.piece + c.player, 0)),
            )
            left.remove(best)
            for key in (best.passage, best.piece + best.player):
                used[key] = used.get(key, 0) + 1
            chosen.append(best)
            if len(chosen) == CLIP_COUNT:
                return chosen
    return chosen


def _write_midi(performance: Performance, pedal_source: Path, path: Path) -> None:
    """A type-0 file at 480 ticks a beat, 120 bpm, with notes and the whole pedal curve."""
    events: list[tuple[float, int, mido.Message]] = []
    for note in performance.notes:
        pitch, velocity = int(note["pitch"]), int(note["velocity"])
        events.append(
            (float(note["onset_sec"]), 2, mido.Message("note_on", note=pitch, velocity=velocity))
        )
        events.append((float(note["offset_sec"]), 1, mido.Message("note_off", note=pitch)))
    events += _pedal_curve(performance, pedal_source)
    track = mido.MidiTrack([mido.Message("program_change", program=0)])
    last_tick = 0
    for at_sec, _, message in sorted(events, key=lambda event: event[:2]):
        tick = round(at_sec * 960)
        track.append(message.copy(time=tick - last_tick))
        last_tick = tick
    midi = mido.MidiFile(type=0, ticks_per_beat=480)
    midi.tracks.append(track)
    midi.save(path)


def _pedal_curve(performance: Performance, source: Path) -> list[tuple[float, int, mido.Message]]:
    """Every movement of the sustain pedal, on the clock of the (shifted) performance."""
    curve: list[tuple[float, int]] = []
    now_sec, first_onset_sec = 0.0, None
    for message in mido.MidiFile(source):
        now_sec += message.time
        if message.type == "note_on" and message.velocity > 0 and first_onset_sec is None:
            first_onset_sec = now_sec
        elif message.type == "control_change" and message.control == 64:
            curve.append((now_sec, message.value))
    shift_sec = float(performance.notes["onset_sec"][0]) - (first_onset_sec or 0.0)
    events = [
        (max(at + shift_sec, 0.0), 0, mido.Message("control_change", control=64, value=value))
        for at, value in curve
        if at + shift_sec < performance.duration_sec
    ]
    up = mido.Message("control_change", control=64, value=0)
    return [*events, (performance.duration_sec, 3, up)]


def render(clip: Clip, path: Path, take: int = 1) -> None:
    """Synthesize one clip with the soundfont, level, room and noise drawn from its name."""
    performance = read_midi(clip.path, MAX_CLIP_SEC)
    soundfont = SOUNDFONTS[(int(_draw(clip.name, "soundfont") * 2) + take - 1) % 2]
    name = clip.name + TAKES[take]
    with tempfile.TemporaryDirectory() as folder:
        midi_path, raw_path = Path(folder, "clip.mid"), Path(folder, "clip.wav")
        _write_midi(performance, clip.path, midi_path)
        options = {
            "synth.reverb.active": str(int(_draw(name, "room") < 0.7)),
            "synth.reverb.room-size": f"{0.2 + 0.6 * _draw(name, 'size'):.2f}",
            "synth.reverb.level": f"{0.1 + 0.6 * _draw(name, 'wet'):.2f}",
            "synth.chorus.active": "0",
        }
        command = ["fluidsynth", "-ni", "-q", "-g", "0.4", "-r", str(SAMPLE_RATE)]
        for key, value in options.items():
            command += ["-o", f"{key}={value}"]
        command += ["-F", str(raw_path), str(soundfont), str(midi_path)]
        subprocess.run(command, check=True, capture_output=True)
        samples = read_wav(raw_path)[: int(performance.duration_sec * SAMPLE_RATE)]
    write_wav(_recorded(samples, name), path)


def _recorded(samples: npt.NDArray[np.float32], name: str) -> npt.NDArray[np.float32]:
    """Set the peak between -20 and -1 dBFS and add a noise floor 45 to 75 dB below it."""
    peak_db = -1.0 - 19.0 * _draw(name, "level")
    floor_db = peak_db - 45.0 - 30.0 * _draw(name, "noise")
    rng = np.random.default_rng(int(_draw(name, "seed") * 2**32))
    scaled = samples * (10 ** (peak_db / 20) / max(float(np.abs(samples).max()), 1e-6))
    noise = rng.standard_normal(len(samples)) * 10 ** (floor_db / 20)
    return (scaled + noise).astype(np.float32)


def read_wav(path: Path) -> npt.NDArray[np.float32]:
    """A 16-bit WAV as mono float32."""
    with wave.open(str(path)) as file:
        frames = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")
        channels = file.getnchannels()
    mono = frames.reshape(-1, channels).mean(axis=1) / 32768.0
    return np.asarray(mono, dtype=np.float32)


def write_wav(samples: npt.NDArray[np.float32], path: Path) -> None:
    """Mono float32 as a 16-bit WAV, written whole or not at all."""
    part = path.with_suffix(".part")
    with wave.open(str(part), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    part.rename(path)


def save_notes(performance: Performance, path: Path) -> None:
    """Keep a transcription as plain arrays."""
    part = path.with_suffix(".part.npz")
    sure = performance.probabilities
    np.savez(
        part,
        notes=performance.notes,
        pedal=performance.pedal,
        duration_sec=performance.duration_sec,
        probabilities=np.zeros(0, np.float32) if sure is None else sure,
    )
    part.rename(path)


def load_notes(path: Path) -> Performance:
    """The transcription kept by :func:`save_notes`."""
    with np.load(path, allow_pickle=False) as kept:
        return Performance(
            kept["notes"].astype(NOTE_DTYPE),
            kept["pedal"].astype(PEDAL_DTYPE),
            float(kept["duration_sec"]),
            kept.get("probabilities"),
        )


def _transcriber() -> Transcriber:
    named = os.environ.get("TRANSCRIBER")
    if named is None:
        engine = importlib.import_module("crescendai.adapters.models.transkun")
        default: Transcriber = engine.TranskunTranscriber(threads=1).transcribe
        return default
    module, _, name = named.partition(":")
    function: Transcriber = getattr(importlib.import_module(module), name)
    return function


def transcribe_packed(
    transcribe: Transcriber, waves: list[npt.NDArray[np.float32]], gap_sec: float = GAP_SEC
) -> list[Performance]:
    """Transcribe several clips as one recording with silence between them.

    The engine hears 16 s before and after every recording, which a clip alone would pay for.
    """
    gap = np.zeros(int(gap_sec * SAMPLE_RATE), np.float32)
    starts, parts, at = [], [], 0
    for samples in waves:
        starts.append(at / SAMPLE_RATE)
        parts += [samples, gap]
        at += len(samples) + len(gap)
    whole = transcribe(np.concatenate(parts), SAMPLE_RATE)
    cut = []
    for start_sec, samples in zip(starts, waves, strict=True):
        duration_sec = len(samples) / SAMPLE_RATE
        kept = []
        for table in (whole.notes, whole.pedal):
            here = _between(table, start_sec, duration_sec + gap_sec)
            own = table[here].copy()
            own["onset_sec"] -= start_sec
            own["offset_sec"] = np.minimum(own["offset_sec"] - start_sec, duration_sec)
            own["onset_sec"] = np.clip(own["onset_sec"], 0.0, duration_sec - 0.01)
            own["offset_sec"] = np.maximum(own["offset_sec"], own["onset_sec"] + 0.005)
            kept.append(own)
        sure = whole.probabilities
        if sure is not None:
            sure = sure[_between(whole.notes, start_sec, duration_sec + gap_sec)]
        cut.append(Performance(kept[0], kept[1], duration_sec, sure))
    return cut


def _between(table: NoteArray, start_sec: float, length_sec: float) -> npt.NDArray[np.bool_]:
    """Which of the events begin in this stretch, or just before it."""
    onset_sec = table["onset_sec"] - start_sec
    here: npt.NDArray[np.bool_] = (onset_sec >= -0.05) & (onset_sec < length_sec - 0.1)
    return here


def main() -> None:
    """Run one of the two steps over the chosen clips, through one of two soundfonts each."""
    step = sys.argv[1] if len(sys.argv) > 1 else "render"
    take = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    wav_folder, notes_folder = cache_folder() / "wav", cache_folder() / "notes"
    wav_folder.mkdir(parents=True, exist_ok=True)
    notes_folder.mkdir(parents=True, exist_ok=True)
    chosen = choose_clips(load_clips(data_folder()))
    (cache_folder() / "chosen.json").write_text(json.dumps([c.name for c in chosen], indent=0))
    transcribe = _transcriber() if step == "transcribe" else None
    started = time.monotonic()
    done = 0
    for first in range(0, len(chosen), PACK):
        pack = []
        for clip in chosen[first : first + PACK]:
            wav_path = wav_folder / f"{clip.name}{TAKES[take]}.wav"
            notes_path = notes_folder / f"{clip.name}{TAKES[take]}.npz"
            if not wav_path.exists():
                render(clip, wav_path, take)
            if not notes_path.exists():
                pack.append((wav_path, notes_path))
        if transcribe is not None and pack:
            heard = transcribe_packed(transcribe, [read_wav(wav) for wav, _ in pack])
            for performance, (_, notes_path) in zip(heard, pack, strict=True):
                save_notes(performance, notes_path)
        done += len(chosen[first : first + PACK])
        print(f"{done}/{len(chosen)} ({time.monotonic() - started:.0f} s)", flush=True)


if __name__ == "__main__":
    main()
