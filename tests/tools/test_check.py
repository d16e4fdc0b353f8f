"""Which failures may be looked at twice."""

from __future__ import annotations

import pytest

from tools.check import may_be_tried_again

CLICK = "tests/flows/test_sharing.py::test_a_link_shows_the_recording_until_it_is_revoked"


def test_a_few_flows_may() -> None:
    assert may_be_tried_again([CLICK])
    assert may_be_tried_again([CLICK + "[1]", CLICK + "[2]", CLICK + "[3]"])


@pytest.mark.parametrize(
    "failed",
    [
        [],
        ["tests/music/test_tempo.py::test_a_steady_beat"],
        [CLICK, "tests/chat/test_turns.py::test_one_terminal_event"],
        ["tests/flows/test_kills.py::test_nothing_acknowledged_is_lost"],
        [
            "tests/flows/test_hostile_files.py::test_every_hostile_file_is_told_what_is_wrong_with_it"
        ],
        ["tests/flows/test_recording_to_advice.py::test_a_killed_worker_loses_nothing"],
        [CLICK + f"[{at}]" for at in range(4)],
    ],
)
def test_all_else_fails_at_once(failed: list[str]) -> None:
    assert not may_be_tried_again(failed)
