"""What the chat needs of its neighbours, and no more."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol
from uuid import UUID

from crescendai.chat.schemas import UserContext
from crescendai.identity.service import Caller
from crescendai.knowledge.results import SearchAnswer
from crescendai.ports.language_model import Usage
from crescendai.recordings.schemas import Analysis
from crescendai.recordings.takes import TakeComparison
from crescendai.usage.schemas import Kind


class Recordings(Protocol):
    async def analysis(self, caller: Caller, recording_id: UUID) -> Analysis:
        """Raises NotFound for what is not the caller's, Conflict while there is no analysis."""


class Takes(Protocol):
    async def compare(self, caller: Caller, one: UUID, other: UUID) -> TakeComparison:
        """Two takes aligned by their notes. Raises NotFound, and Conflict when they are not."""


class Search(Protocol):
    async def search(self, caller: Caller, query: str, top_k: int) -> SearchAnswer: ...


class Contexts(Protocol):
    async def context(self, caller: Caller) -> UserContext: ...

    async def context_in(self, caller: Caller, session_id: UUID) -> UserContext:
        """The caller's context. Raises NotFound when the session is not theirs."""


class Meter(Protocol):
    async def record(self, caller: Caller, kind: Kind, spent: Iterable[Usage]) -> None:
        """Note what calls of a language model cost the caller."""
