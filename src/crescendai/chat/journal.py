"""What a process has shown of its turns and not stored yet, in a file that outlives it.

An event is written here before anybody sees it: a few microseconds, where a commit would cost
milliseconds. The database follows in batches. When the process is killed, whoever finds its
journal unlocked completes the stored events from it. Two files take turns, so that one can be
emptied, once its events are stored, while the other is being written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import orjson

from crescendai.chat.events import Sent
from crescendai.chat.turn_repository import Batch
from crescendai.errors import Unavailable
from crescendai.kit.process import try_lock

Told = dict[UUID, list[tuple[int, Sent]]]
"""Events by turn, each with its number."""


class Journal:
    """The journal of one process, named after its ``runner``; locked as long as it lives."""

    def __init__(self, folder: Path, runner: str) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock_path = folder / f"{runner}.lock"
        lock = try_lock(self._lock_path)
        if lock is None:
            raise Unavailable("journal_taken", "Another process writes this journal of turns.")
        self._lock = lock
        self._paths = _parts(self._lock_path)
        self._current, self._settling = (path.open("ab", buffering=0) for path in self._paths)

    def write(self, batches: Iterable[Batch]) -> None:
        """Note events before they are shown. Raises OSError when the disk is full."""
        self._current.write(
            b"".join(orjson.dumps([b.turn_id, b.first, b.events]) + b"\n" for b in batches)
        )

    def turn_over(self) -> None:
        """Write to the other file from now on, unless that one still holds what is not stored."""
        if self._settling.tell() == 0:
            self._current, self._settling = self._settling, self._current

    def forget(self) -> None:
        """Empty the file that was written before the last ``turn_over``: all of it is stored."""
        if self._settling.tell():
            self._settling.truncate(0)
            self._settling.seek(0)

    def close(self) -> None:
        for file in (self._current, self._settling, self._lock):
            file.close()
        for path in (*self._paths, self._lock_path):
            path.unlink(missing_ok=True)


@contextmanager
def abandoned(folder: Path) -> Iterator[dict[str, Told]]:
    """What dead processes had shown, by runner. Their journals are gone after the block."""
    found: dict[str, Told] = {}
    locks = []
    for path in folder.glob("*.lock"):
        lock = try_lock(path)
        if lock is not None:
            locks.append((path, lock))
            found[path.stem] = _read(_parts(path))
    try:
        yield found
        for path, _ in locks:
            for part in (*_parts(path), path):
                part.unlink(missing_ok=True)
    finally:
        for _, lock in locks:
            lock.close()


def _parts(lock_path: Path) -> tuple[Path, Path]:
    return lock_path.with_suffix(".a"), lock_path.with_suffix(".b")


def _read(paths: Iterable[Path]) -> Told:
    told: dict[UUID, dict[int, Sent]] = {}
    for path in paths:
        for line in path.read_bytes().split(b"\n") if path.exists() else ():
            try:
                turn_id, first, events = orjson.loads(line)
            except ValueError:
                continue  # the last line, cut where the process was killed: nobody saw it
            numbered = dict(enumerate(events, start=first))
            told.setdefault(UUID(turn_id), {}).update(numbered)
    return {turn_id: sorted(numbered.items()) for turn_id, numbered in told.items()}
