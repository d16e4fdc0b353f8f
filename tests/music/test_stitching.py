from __future__ import annotations

from crescendai.music.stitching import Event, Stitcher


def event(start: float, end: float, *, onset: bool = True, offset: bool = True) -> Event:
    return Event(60, start, end, 64, onset, offset)


def stitched(*segments: list[Event]) -> list[tuple[float, float]]:
    stitcher = Stitcher()
    for events in segments:
        stitcher.add(events)
    return [(e.start_sec, e.end_sec) for e in stitcher.finish()]


def test_the_later_view_of_an_event_replaces_the_earlier() -> None:
    assert stitched([event(1.0, 2.0)], [event(1.01, 2.5)]) == [(1.01, 2.5)]


def test_an_event_cut_by_the_segments_edge_is_completed() -> None:
    cut, rest = event(7.0, 8.0, offset=False), event(7.9, 9.0, onset=False)
    assert stitched([cut], [rest]) == [(7.0, 9.0)]


def test_an_event_without_onset_and_nothing_to_complete_is_dropped() -> None:
    assert stitched([event(0.0, 1.0, onset=False)]) == []


def test_an_open_event_counts_only_as_the_last_of_its_track() -> None:
    assert stitched([event(1.0, 2.0, offset=False)]) == [(1.0, 2.0)]
    assert stitched([event(1.0, 2.0, offset=False), event(3.0, 4.0)]) == [(3.0, 4.0)]


def test_times_before_the_recording_are_clipped_and_empty_events_dropped() -> None:
    assert stitched([event(-1.0, 0.5), event(-2.0, -1.5)]) == [(0.0, 0.5)]
