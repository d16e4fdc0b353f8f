"""The services on their adapters."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from crescendai.account.service import AccountService, Removers
from crescendai.adapters.audio.files import FileAudioProbe
from crescendai.adapters.changes.polled import PolledChanges
from crescendai.adapters.issuer.jwks import JwksUrl
from crescendai.adapters.models.minilm import english_words
from crescendai.adapters.vectors.memory import MemoryVectorIndex
from crescendai.adapters.vectors.pgvector import PgVectorIndex
from crescendai.adapters.words.memory import MemoryWordIndex
from crescendai.bootstrap.floor import Floor
from crescendai.chat.brief import Tutor
from crescendai.chat.careful import CarefulTutor
from crescendai.chat.checked import CheckedTutor
from crescendai.chat.ledger import Ledger
from crescendai.chat.prompts import read_prompt
from crescendai.chat.service import ChatService
from crescendai.chat.stream import ModelTutor
from crescendai.chat.tools import Toolbox
from crescendai.chat.turns import POLL_SEC, Turns
from crescendai.chat.tutor.engine import BuiltinTutor
from crescendai.feedback import findings, passages
from crescendai.feedback.service import FeedbackService
from crescendai.feedback.writer import FeedbackWriter
from crescendai.identity.service import IdentityService
from crescendai.identity.tokens import TokenVerifier
from crescendai.interop.completions import Completions
from crescendai.interop.conversations import Conversations
from crescendai.interop.feedback_turns import FeedbackTurns
from crescendai.interop.tool_server import ToolServer
from crescendai.jobs.service import Jobs
from crescendai.kit.clock import now_ms
from crescendai.kit.sql import Transactions
from crescendai.knowledge import repository as knowledge_repository
from crescendai.knowledge.reindexing import ReindexService
from crescendai.knowledge.search import KnowledgeSearch
from crescendai.knowledge.service import KnowledgeService
from crescendai.recordings import repository as recordings_repository
from crescendai.recordings.direct import DirectUploads
from crescendai.recordings.performance import PerformanceService
from crescendai.recordings.progress import ProgressService
from crescendai.recordings.service import RecordingService
from crescendai.recordings.takes import TakeService
from crescendai.repeats.service import RepeatService
from crescendai.reports.service import ReportService
from crescendai.settings import Settings
from crescendai.sharing.service import SharingService
from crescendai.usage.quotas import Allowance, Quotas
from crescendai.usage.service import UsageService
from crescendai.web.services import Services


def build_services(floor: Floor) -> Services:
    settings, transactions = floor.settings, floor.database.transactions
    usage = UsageService(transactions)
    quotas = build_quotas(settings, transactions)
    recordings = RecordingService(
        transactions=transactions,
        objects=floor.objects,
        probe=FileAudioProbe(),
        cache=floor.counted_cache,
        changes=floor.changes,
        max_upload_bytes=settings.max_upload_bytes,
        meter=quotas,
    )
    direct = DirectUploads(
        transactions=transactions,
        objects=floor.objects,
        recordings=recordings,
        max_upload_bytes=settings.max_upload_bytes,
        meter=quotas,
    )
    search = KnowledgeSearch(
        transactions=transactions,
        models=floor.text_models,
        open_index=MemoryVectorIndex
        if settings.postgresql_url is None
        else lambda: PgVectorIndex(transactions),
        words=MemoryWordIndex(transactions, english_words()),
        cache=floor.counted_cache,
    )
    knowledge = KnowledgeService(
        transactions=transactions,
        objects=floor.objects,
        max_document_bytes=settings.max_upload_bytes,
        admit=quotas.admit,
    )
    chat = ChatService(transactions)
    toolbox = Toolbox(
        search=search, recordings=recordings, contexts=chat, takes=TakeService(recordings)
    )
    tutor, writer = build_tutor(floor, usage)
    turn_changes = PolledChanges(POLL_SEC) if floor.redis is None else floor.changes
    turns = Turns(
        chat=chat,
        tutor=tutor,
        toolbox=toolbox,
        ledger=Ledger(transactions, settings.data_dir.resolve() / "turns", turn_changes),
        changes=turn_changes,
    )
    conversations = Conversations(chat=chat, cache=floor.cache)
    performance = PerformanceService(recordings=recordings)
    feedback = FeedbackService(
        transactions=transactions,
        recordings=recordings,
        search=search,
        writer=writer,
        meter=usage,
    )
    return Services(
        identity=IdentityService(
            transactions, settings.auth == "required", build_token_verifier(settings)
        ),
        recordings=recordings,
        direct=direct,
        progress=ProgressService(transactions=transactions, recordings=recordings),
        performance=performance,
        knowledge=knowledge,
        reindexing=ReindexService(transactions=transactions, models=floor.text_models),
        search=search,
        chat=chat,
        turns=turns,
        completions=Completions(turns=turns, conversations=conversations),
        tool_server=ToolServer(toolbox),
        feedback=feedback,
        sharing=SharingService(
            transactions=transactions,
            recordings=recordings,
            performances=performance,
            advice=feedback,
        ),
        reports=ReportService(recordings=recordings, advice=feedback),
        feedback_turns=FeedbackTurns(turns=turns, feedback=feedback),
        usage=usage,
        jobs=Jobs(transactions),
        account=AccountService(
            transactions=transactions,
            objects=floor.objects,
            cache=floor.counted_cache,
            removers=Removers(
                recordings=recordings.remove,
                knowledge_documents=knowledge.delete,
                chat_sessions=turns.delete_session,
                pending_uploads=direct.give_up,
            ),
            forget=feedback.forget,
            database=floor.database,
            scratch=settings.data_dir.resolve() / "scratch" / "exports",
        ),
        quotas=quotas,
        repeats=RepeatService(transactions),
    )


def build_quotas(settings: Settings, transactions: Transactions) -> Quotas:
    """None for the owner of a server that is theirs alone."""
    own = settings.auth == "local"
    allowance = Allowance(
        analysis_minutes=0 if own else settings.daily_analysis_minutes,
        llm_tokens=0 if own else settings.daily_llm_tokens,
        storage_bytes=0 if own else settings.storage_mb * 1024 * 1024,
    )

    async def promised(session: AsyncSession, owner_id: UUID) -> int:
        pending = await recordings_repository.pending_uploads(session, owner_id, now_ms())
        return pending * settings.max_upload_bytes

    stored = [recordings_repository.stored_bytes, knowledge_repository.stored_bytes, promised]
    return Quotas(transactions, allowance, stored)


def build_token_verifier(settings: Settings) -> TokenVerifier | None:
    if settings.jwt_issuer is None:
        return None
    return TokenVerifier(
        issuer=settings.jwt_issuer,
        audience=settings.jwt_audience,
        source=JwksUrl(settings.jwks_url),
    )


def build_tutor(floor: Floor, usage: UsageService) -> tuple[Tutor, FeedbackWriter | None]:
    """Who answers and who writes feedback: a language model, or what is built in."""
    model = floor.language_model
    builtin = CheckedTutor(BuiltinTutor(ear=findings, reader=passages), trusted=True)
    if model is None:
        return builtin, None
    tokens = floor.settings.llm_history_tokens
    answering = CheckedTutor(
        ModelTutor(model=model, meter=usage, history_tokens=tokens), read_prompt("tutor").text
    )
    writer = FeedbackWriter(model=model, cache=floor.counted_cache)
    return CarefulTutor(tutor=answering, careful=builtin), writer
