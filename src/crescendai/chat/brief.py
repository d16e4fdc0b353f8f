"""What a tutor is given for one turn, and what a tutor is."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Literal, Protocol
from uuid import UUID

from crescendai.chat.events import TurnEvent
from crescendai.chat.tools import Tools
from crescendai.identity.service import Caller
from crescendai.kit.prose import Language


@dataclass(frozen=True)
class Said:
    """An earlier line of the conversation, without tool calls and results."""

    role: Literal["user", "assistant"]
    content: str


@dataclass(frozen=True)
class HeardRecording:
    """A recording of the caller's whose analysis is ready."""

    recording_id: UUID
    filename: str


@dataclass(frozen=True)
class TurnBrief:
    """``recording_id`` is what the turn is about; ``recordings`` are the caller's, newest first.

    ``message_id`` is the answer's. ``recording_id`` may still be under analysis.
    ``library`` is the revision of the library when the turn began. ``language`` is the one asked
    for, this once or always; None is the question's own.
    """

    caller: Caller
    session_id: UUID
    message_id: UUID
    title: str
    message: str
    recording_id: UUID | None
    history: tuple[Said, ...] = ()
    recordings: tuple[HeardRecording, ...] = ()
    library: int = 0
    language: Language | None = None


class Tutor(Protocol):
    """Whoever answers: a language model, or the built-in tutor."""

    @property
    def model_id(self) -> str: ...

    @property
    def prompt_version(self) -> str:
        """The version of what it was told to be, kept with each answer."""

    def answer(self, brief: TurnBrief, tools: Tools) -> AsyncGenerator[TurnEvent, None]:
        """The turn as it happens, ending with UsageReported. Raises UpstreamFailed."""
