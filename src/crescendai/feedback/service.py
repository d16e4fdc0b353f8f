"""Feedback on one analysis: find what stands out, ask the library, write, check, save."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol
from uuid import UUID

import structlog

from crescendai.errors import Conflict, UpstreamFailed
from crescendai.feedback import advice, german_wording, library, repository
from crescendai.feedback.assembly import fill_up, retold
from crescendai.feedback.findings import findings, moments
from crescendai.feedback.library import Search
from crescendai.feedback.outliers import outliers
from crescendai.feedback.remembered import RememberedSearch
from crescendai.feedback.schemas import Feedback, FeedbackBody, FeedbackHistory
from crescendai.feedback.selection import select
from crescendai.feedback.tables import FeedbackRow
from crescendai.feedback.verify import Draft, Verifier
from crescendai.feedback.writer import FeedbackWriter
from crescendai.identity.service import Caller
from crescendai.kit.clock import now_ms
from crescendai.kit.ids import new_id
from crescendai.kit.prose import Language
from crescendai.kit.sql import Transactions
from crescendai.knowledge.index_repository import revision as library_revision
from crescendai.ports.language_model import Usage
from crescendai.recordings.schemas import Analysis
from crescendai.usage.schemas import Kind

GROUNDED_MODEL = "crescendai-tutor-1"
HISTORY_ITEMS = 50

log = structlog.get_logger(__name__)


class Recordings(Protocol):
    async def analysis(self, caller: Caller, recording_id: UUID) -> Analysis:
        """Raises NotFound for what is not the caller's, Conflict while there is no analysis."""


class Meter(Protocol):
    async def record(self, caller: Caller, kind: Kind, spent: Iterable[Usage]) -> None:
        """Note what calls of a language model cost the caller."""


class FeedbackService:
    """``writer`` is None where no language model is configured; then the grounded text stands."""

    def __init__(
        self,
        *,
        transactions: Transactions,
        recordings: Recordings,
        search: Search,
        meter: Meter,
        writer: FeedbackWriter | None = None,
    ) -> None:
        self._transactions = transactions
        self._recordings = recordings
        self._search = RememberedSearch(search)
        self._meter = meter
        self._writer = writer

    def forget(self, caller: Caller) -> None:
        """Keep nothing in memory of what was found for the caller."""
        self._search.forget(caller)

    async def create(
        self, caller: Caller, recording_id: UUID, language: Language = "en"
    ) -> Feedback:
        """Raises NotFound, or Conflict while there is no analysis to speak of."""
        analysis = await self._recordings.analysis(caller, recording_id)
        async with self._transactions.read_once() as session:
            library = await library_revision(session)
        body, made_with = await self._write(caller, analysis, library, language)
        row = FeedbackRow(
            id=new_id(),
            owner_id=caller.user_id,
            recording_id=recording_id,
            body=body.model_dump(mode="json"),
            model=made_with["model"],
            made_with=made_with | {"library": str(library)},
            created_at=now_ms(),
        )
        async with self._transactions.write() as session:
            await repository.add(session, row)
        return _feedback(row)

    async def history(self, caller: Caller, recording_id: UUID) -> FeedbackHistory:
        """Newest first; empty for a recording of the caller's without any."""
        try:
            await self._recordings.analysis(caller, recording_id)
        except Conflict:
            return FeedbackHistory(items=[])
        async with self._transactions.read_once() as session:
            rows = await repository.history(session, caller.user_id, recording_id, HISTORY_ITEMS)
        return FeedbackHistory(items=[_feedback(row) for row in rows])

    async def _write(
        self, caller: Caller, analysis: Analysis, revision: int, language: Language
    ) -> tuple[FeedbackBody, dict[str, str]]:
        chosen = select(
            findings(analysis), moments(analysis), analysis.duration, outliers(analysis)
        )
        found, passages = await library.consult(
            self._search.at(revision), caller, chosen.priorities, chosen.long_term
        )
        grounded = advice.compose(chosen, found)
        names = [one.exercise[1].name for one in found.values() if one.exercise is not None]
        draft = sure = Draft.of(grounded)
        made_with = {"model": GROUNDED_MODEL, "prompt": "builtin"}
        if self._writer is not None:
            spent: list[Usage] = []
            try:
                hits = list(passages.values())
                answer = await self._writer.write(analysis, hits, spent.append)
                draft, made_with = answer.draft, {"model": answer.model, "prompt": answer.prompt}
            except UpstreamFailed:
                log.warning("feedback.written_without_model", recording=str(analysis.recording_id))
            finally:
                await self._meter.record(caller, "feedback", spent)
        verifier = Verifier(analysis, passages, names)
        checked = spare = verifier.check(draft)
        if draft is not sure:
            spare = Verifier(analysis, passages, names).check(sure)
        body = fill_up(checked, spare)
        if language == "de" and draft is sure and not verifier.verification.dropped:
            body = retold(body, advice.compose(chosen, found, german_wording), "de")
        return body.model_copy(update={"verification": verifier.verification}), made_with


def _feedback(row: FeedbackRow) -> Feedback:
    return Feedback.model_validate(
        row.body
        | {
            "feedback_id": row.id,
            "recording_id": row.recording_id,
            "model": row.model,
            "made_with": row.made_with,
            "created_at": row.created_at,
        }
    )
