"""The use case of reports: put together what is known of one recording."""

from __future__ import annotations

from typing import Protocol
from uuid import UUID

from crescendai.feedback.schemas import FeedbackHistory
from crescendai.identity.service import Caller
from crescendai.kit.prose import Language
from crescendai.recordings.schemas import Analysis, Recording
from crescendai.reports import html
from crescendai.reports.content import compose
from crescendai.reports.words import Words


class Recordings(Protocol):
    async def get(self, caller: Caller, recording_id: UUID) -> Recording: ...

    async def analysis(self, caller: Caller, recording_id: UUID) -> Analysis:
        """Raises NotFound, or Conflict while there is no analysis."""


class AdviceHistory(Protocol):
    async def history(self, caller: Caller, recording_id: UUID) -> FeedbackHistory:
        """Newest first."""


class ReportService:
    """Reports tell the analysis and the newest advice. They raise as ``analysis`` does."""

    def __init__(self, *, recordings: Recordings, advice: AdviceHistory) -> None:
        self._recordings = recordings
        self._advice = advice

    async def as_html(self, caller: Caller, recording_id: UUID, language: Language) -> str:
        recording = await self._recordings.get(caller, recording_id)
        analysis = await self._recordings.analysis(caller, recording_id)
        history = await self._advice.history(caller, recording_id)
        words = Words(language)
        report = compose(recording, analysis, next(iter(history.items), None), words)
        return html.render(report, words)
