"""What the server takes for a piano: other instruments let in, pianos turned away.

    PERCEPIANO=folder PYTHONPATH=src python -m bench.pianoness [--values]

Excerpts of PercePiano performances are played by General MIDI instruments of two soundfonts (one
fluidsynth run for each), by the two pianos in many rooms and levels (the renders that
bench.transcription keeps under ``--cache``), and the real recordings are spoilt in the ways a
phone or a messenger would. Each clip is judged by the sound alone, as before a transcription, and
where its notes are known, with them as after one. Thresholds were set on other excerpts (the first
four performances), so these are held out. About 4 minutes.
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
from crescendai.music.notes import Performance
from crescendai.music.partials import overtones_db
from crescendai.music.pianoness import piano_evidence
from crescendai.music.quality import AudioQuality, assess, reconsider
from crescendai.music.sustain import held_fade_db_per_sec
from tools.percepiano import data_folder, load_clips, read_midi
from tools.render_and_transcribe import SOUNDFONTS, choose_clips, read_wav

Floats = npt.NDArray[np.float32]
Clip = tuple[str, str, Floats, Performance | None]  # group, name, samples, what was played

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
FIRST_CLIP, CLIPS, CLIP_SEC, SLOT_SEC = 4, 8, 8.0, 10.0
REAL_SEC, REAL_PART_SEC = 36.0, 12.0
RENDER_SEC = 8.0


def instruments(cache: Path) -> Iterator[Clip]:
    """Every instrument with the same performances, one after the other in one rendering."""
    cache.mkdir(parents=True, exist_ok=True)
    clips = choose_clips(load_clips(data_folder()))[FIRST_CLIP : FIRST_CLIP + CLIPS]
    played = [read_midi(clip.path, CLIP_SEC) for clip in clips]
    events: list[tuple[float, int, mido.Message]] = []
    for slot, program in enumerate(p for p in INSTRUMENTS.values() for _ in clips):
        begin_sec = slot * SLOT_SEC
        events.append((begin_sec, 0, mido.Message("program_change", program=program)))
        for note in played[slot % CLIPS].notes:
            key, velocity = int(note["pitch"]), int(note["velocity"])
            on, off = (begin_sec + float(note[at]) for at in ("onset_sec", "offset_sec"))
            events.append((on, 2, mido.Message("note_on", note=key, velocity=velocity)))
            events.append((off, 1, mido.Message("note_off", note=key)))
    midi_path = cache / "instruments.mid"
    _save(events, midi_path)
    for font in SOUNDFONTS:
        wav = cache / f"instruments-{FIRST_CLIP}-{CLIPS}-{font.stem}.wav"
        if not wav.exists():
            command = ["fluidsynth", "-ni", "-q", "-g", "0.3", "-r", str(SAMPLE_RATE), "-F"]
            subprocess.run([*command, str(wav), str(font), str(midi_path)], check=True)
        whole = read_wav(wav)
        for slot in range(len(INSTRUMENTS) * CLIPS):
            first = int(slot * SLOT_SEC * SAMPLE_RATE)
            sound = whole[first : first + int(CLIP_SEC * SAMPLE_RATE)]
            name, instrument = f"{font.stem} {slot % CLIPS}", list(INSTRUMENTS)[slot // CLIPS]
            yield instrument, name, _even(sound), played[slot % CLIPS]


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
            spoilt = {
                "real recording": part,
                "real, MP3 128 kbit/s": _through_mp3(part),
                "real, 16 kHz": _through_16_khz(part),
                "real, noise 20 dB below": part + 0.1 * noise,
                "real, 30 dB softer": part * np.float32(10 ** (-30 / 20)),
                "real, noise as loud as it (to be refused)": part + noise,
                "real, clipped by 12 dB": np.clip(4 * part / np.abs(part).max(), -1, 1),
            }
            for group, samples in spoilt.items():
                yield group, name, samples, None


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


def judged(samples: Floats, played: Performance | None) -> tuple[AudioQuality, AudioQuality]:
    """By the sound alone, and with the notes where they are known."""
    alone = assess(samples, SAMPLE_RATE)
    if played is None:
        return alone, alone
    fade = held_fade_db_per_sec(samples, SAMPLE_RATE, played.notes)
    overtones = overtones_db(samples, SAMPLE_RATE, played.notes)
    return alone, reconsider(alone, played, fade, overtones)


def main() -> None:
    parser = argparse.ArgumentParser(description="false acceptance and refusal of instruments")
    parser.add_argument("--cache", type=Path, default=Path(".bench"))
    parser.add_argument("--renders", type=int, default=20, help="performances of the pianos")
    parser.add_argument("--values", action="store_true", help="print the evidence of each clip")
    arguments = parser.parse_args()
    many = (
        ("piano renders, rooms and levels", sound.name, sound.samples, sound.truth)
        for sound in renders(arguments.renders, RENDER_SEC, arguments.cache)
    )
    found: dict[str, list[tuple[AudioQuality, AudioQuality]]] = {}
    for source in (instruments(arguments.cache / "instruments"), many, real()):
        for group, name, samples, played in source:
            both = judged(samples, played)
            found.setdefault(group, []).append(both)
            if arguments.values and (evidence := piano_evidence(samples, SAMPLE_RATE)):
                why = "; ".join(both[1].reasons)
                print(group, name, *(f"{v:.2f}" for v in astuple(evidence)), why, flush=True)
    print(
        "\n| sound | clips | refused by the sound | refused with the notes | taken for a piano "
        "| of these with a warning | why refused, mostly |\n|---|---|---|---|---|---|---|"
    )
    for group, pairs in found.items():
        refused = [[not quality.is_piano for quality in pair] for pair in pairs]
        by_sound, by_notes = np.array(refused).sum(axis=0)
        warned = sum(bool(quality.doubts and quality.is_piano) for _, quality in pairs)
        told = ["; ".join(quality.reasons) for _, quality in pairs if quality.reasons]
        why = max(sorted(set(told)), key=told.count, default="")
        print(
            f"| {group} | {len(pairs)} | {by_sound} | {by_notes} | {len(pairs) - by_notes} "
            f"| {warned} | {why} |"
        )


if __name__ == "__main__":
    main()
