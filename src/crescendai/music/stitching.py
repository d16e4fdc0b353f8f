"""Joining the events of overlapping segments into one performance, as Transkun does.

Segments of 16 s begin about every 8 s, so most events are heard twice. A segment's decoding starts
where the previous one's last complete event ended, track by track; an event that a segment's edge
cut through is marked, and completed by the part the next segment sees.

Source: the ``transcribe`` method of Transkun 2 (MIT licence).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass
class Event:
    """One key press or pedal span; times in seconds from the start of the recording."""

    track: int  # MIDI note number, or minus the controller's number for a pedal
    start_sec: float
    end_sec: float
    velocity: int
    has_onset: bool  # False: it began before the segment
    has_offset: bool  # False: it goes on after the segment
    probability: float = 1.0  # that there is one, says the transcriber

    def order(self) -> tuple[float, float, int]:
        return self.start_sec, self.end_sec, self.track


class Stitcher:
    """Takes the events of one segment after the other."""

    def __init__(self) -> None:
        self._by_track: dict[int, list[Event]] = defaultdict(list)

    def add(self, events: Iterable[Event]) -> None:
        """Take over the events of the next segment. A later view of an event replaces an
        earlier one, unless it lacks the onset: then it only moves the end."""
        for event in sorted(events, key=Event.order):
            event.start_sec = max(event.start_sec, 0.0)
            event.end_sec = max(event.end_sec, event.start_sec)
            known = self._by_track[event.track]
            if known and event.start_sec < known[-1].end_sec:
                if event.has_onset:
                    known[-1] = event
                else:
                    known[-1].has_offset = event.has_offset
                    known[-1].end_sec = max(event.end_sec, known[-1].end_sec)
            elif event.has_onset:
                known.append(event)

    def finish(self) -> list[Event]:
        """All complete events, sorted; on one track none reaches into the next."""
        complete: list[Event] = []
        for known in self._by_track.values():
            if known:
                known[-1].has_offset = True
            complete.extend(event for event in known if event.has_offset)
        complete.sort(key=Event.order)
        previous: dict[int, Event] = {}
        for event in complete:
            before = previous.get(event.track)
            if before is not None and before.end_sec > event.start_sec:
                before.end_sec = event.start_sec
            previous[event.track] = event
        return sorted((e for e in complete if e.start_sec < e.end_sec), key=Event.order)
