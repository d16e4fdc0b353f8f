"""What the server takes for a piano: other instruments let in, pianos turned away.

    PERCEPIANO=folder PYTHONPATH=src python -m bench.pianoness [--values]

Excerpts of PercePiano performances are played by General MIDI instruments of two soundfonts (one
fluidsynth run for each), by the two pianos in many rooms and levels (the renders that
bench.transcription keeps under ``--cache``), and the real recordings are spoilt in the ways a
phone or a messenger would. Each clip is judged by the sound alone, as before a transcription.
About 4 minutes.
"""

from __future__ import annotations

import argparse
import io
import subprocess
from collections.abc import Iterator
from dataclasses import astuple
from pathlib import Path

import mido
import numpy as np
import numpy.typing as npt

from bench.transcription_clips import recordings, renders
from crescendai.music.mel import SAMPLE_RATE
from crescendai.music.pianoness import piano_evidence
from crescendai.music.quality import assess, refusal
from tools.percepiano import data_folder, load_clips, read_midi
from tools.render_and_transcribe import SOUNDFONTS, choose_clips, read_wav

Floats = npt.NDArray[np.float32]
Clip = tuple[str, str, Floats]  # group, name, samples

PIANO = "acoustic piano"
INSTRUMENTS = {
    PIANO: 0,
    "electric piano": 4,
    "harpsichord": 6,
    "celesta": 8,
    "vibraphone": 11,
    "marimba": 12,
    "church organ": 19,
    "accordion": 21,
    "nylon guitar": 24,
    "steel guitar": 25,
    "violin": 40,
    "harp": 46,
    "strings": 48,
    "choir": 52,
    "trumpet": 56,
    "flute": 73,
}
CLIPS, CLIP_SEC, SLOT_SEC = 4, 8.0, 10.0
REAL_SEC, REAL_PART_SEC = 36.0, 12.0
RENDER_SEC = 8.0


def instruments(cache: Path) -> Iterator[Clip]:
    """Every instrument with the same performances, one after the other in one rendering."""
    cache.mkdir(parents=True, exist_ok=True)
    clips = choose_clips(load_clips(data_folder()))[:CLIPS]
    events: list[tuple[float, int, mido.Message]] = []
    for slot, program in enumerate(p for p in INSTRUMENTS.values() for _ in clips):
        begin_sec = slot * SLOT_SEC
        events.append((begin_sec, 0, mido.Message("program_change", program=program)))
        for note in read_midi(clips[slot % CLIPS].path, CLIP_SEC).notes:
            key, velocity = int(note["pitch"]), int(note["velocity"])
            on, off = (begin_sec + float(note[at]) for at in ("onset_sec", "offset_sec"))
            events.append((on, 2, mido.Message("note_on", note=key, velocity=velocity)))
            events.append((off, 1, mido.Message("note_off", note=key)))
    midi_path = cache / "instruments.mid"
    _save(events, midi_path)
    for font in SOUNDFONTS:
        wav = cache / f"instruments-{font.stem}.wav"
        if not wav.exists():
            command = ["fluidsynth", "-ni", "-q", "-g", "0.3", "-r", str(SAMPLE_RATE), "-F"]
            subprocess.run([*command, str(wav), str(font), str(midi_path)], check=True)
        whole = read_wav(wav)
        for slot in range(len(INSTRUMENTS) * CLIPS):
            first = int(slot * SLOT_SEC * SAMPLE_RATE)
            sound = whole[first : first + int(CLIP_SEC * SAMPLE_RATE)]
            yield list(INSTRUMENTS)[slot // CLIPS], f"{font.stem} {slot % CLIPS}", _even(sound)


def _save(events: list[tuple[float, int, mido.Message]], path: Path) -> None:
    track, last_tick = mido.MidiTrack(), 0
    for at_sec, _, message in sorted(events, key=lambda event: event[:2]):
        tick = round(at_sec * 960)
        track.append(message.copy(time=tick - last_tick))
        last_tick = tick
    midi = mido.MidiFile(type=0, ticks_per_beat=480)
    midi.tracks.append(track)
    midi.save(path)


def _even(sound: Floats) -> Floats:
    return np.asarray(0.5 * sound / max(float(np.abs(sound).max()), 1e-6), np.float32)


def real() -> Iterator[Clip]:
    """Parts of the real recordings, as they are and spoilt."""
    rng = np.random.default_rng(0)
    size = int(REAL_PART_SEC * SAMPLE_RATE)
    for sound in recordings(REAL_SEC):
        for first in range(0, len(sound.samples) - size + 1, size):
            part, name = sound.samples[first : first + size], f"{sound.name} {first // size}"
            noise = rng.standard_normal(size).astype(np.float32) * part.std()
            yield "real recording", name, part
            yield "real, MP3 128 kbit/s", name, _through_mp3(part)
            yield "real, 16 kHz", name, _through_16_khz(part)
            yield "real, noise 20 dB below", name, part + 0.1 * noise
            yield "real, 30 dB softer", name, part * np.float32(10 ** (-30 / 20))
            yield "real, noise as loud as it (to be refused)", name, part + noise
            yield "real, clipped by 12 dB", name, np.clip(4 * part / np.abs(part).max(), -1, 1)


def _through_mp3(samples: Floats) -> Floats:
    import av

    file = io.BytesIO()
    with av.open(file, "w", format="mp3") as container:
        stream = container.add_stream("mp3", rate=SAMPLE_RATE, layout="mono")
        stream.bit_rate = 128_000
        frame = av.AudioFrame.from_ndarray(samples[None], format="fltp", layout="mono")
        frame.sample_rate = SAMPLE_RATE
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)
    file.seek(0)
    with av.open(file, "r") as written:
        decoded = [frame.to_ndarray() for frame in written.decode(audio=0)]
    return np.asarray(np.concatenate(decoded, axis=1)[0], np.float32)


def _through_16_khz(samples: Floats) -> Floats:
    import soxr

    low = soxr.resample(samples, SAMPLE_RATE, 16_000)
    return np.asarray(soxr.resample(low, 16_000, SAMPLE_RATE), np.float32)


def main() -> None:
    parser = argparse.ArgumentParser(description="false acceptance and refusal of instruments")
    parser.add_argument("--cache", type=Path, default=Path(".bench"))
    parser.add_argument("--renders", type=int, default=30, help="performances of the pianos")
    parser.add_argument("--values", action="store_true", help="print the evidence of each clip")
    arguments = parser.parse_args()
    many = (
        ("piano renders, rooms and levels", sound.name, sound.samples)
        for sound in renders(arguments.renders, RENDER_SEC, arguments.cache)
    )
    counts: dict[str, list[str]] = {}
    flagged: dict[str, int] = {}
    for source in (instruments(arguments.cache / "instruments"), many, real()):
        for group, name, samples in source:
            quality = assess(samples, SAMPLE_RATE)
            refused = refusal(quality, None, quality.duration_sec)
            why = "; ".join(quality.reasons) if refused else ""
            counts.setdefault(group, []).append(why)
            flagged[group] = flagged.get(group, 0) + bool(quality.doubts and not refused)
            if arguments.values and (found := piano_evidence(samples, SAMPLE_RATE)):
                print(group, name, *(f"{value:.2f}" for value in astuple(found)), why, flush=True)
    print(
        "\n| sound | clips | taken for a piano | of these with a warning | refused | why, mostly |"
    )
    print("|---|---|---|---|---|---|")
    for group, reasons in counts.items():
        told = [reason for reason in reasons if reason]
        order = sorted(set(told), key=lambda reason: -told.count(reason))[:2]
        print(
            f"| {group} | {len(reasons)} | {len(reasons) - len(told)} | {flagged[group]} | "
            f"{len(told)} | {' / '.join(order)} |"
        )


if __name__ == "__main__":
    main()
