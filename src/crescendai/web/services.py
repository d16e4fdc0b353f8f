"""What the endpoints call."""

from __future__ import annotations

from dataclasses import dataclass

from crescendai.account.service import AccountService
from crescendai.chat.service import ChatService
from crescendai.chat.turns import Turns
from crescendai.feedback.service import FeedbackService
from crescendai.identity.service import IdentityService
from crescendai.interop.completions import Completions
from crescendai.interop.feedback_turns import FeedbackTurns
from crescendai.interop.tool_server import ToolServer
from crescendai.knowledge.reindexing import ReindexService
from crescendai.knowledge.search import KnowledgeSearch
from crescendai.knowledge.service import KnowledgeService
from crescendai.jobs.service import Jobs
from crescendai.recordings.performance import PerformanceService
from crescendai.recordings.direct import DirectUploads
from crescendai.recordings.progress import ProgressService
from crescendai.recordings.service import RecordingService
from crescendai.repeats.service import RepeatService
from crescendai.reports.service import ReportService
from crescendai.sharing.service import SharingService
from crescendai.usage.quotas import Quotas
from crescendai.usage.service import UsageService


@dataclass(frozen=True)
class Services:
    """Each is found under its field's name in ``app.state``."""

    identity: IdentityService
    recordings: RecordingService
    direct: DirectUploads
    progress: ProgressService
    performance: PerformanceService
    knowledge: KnowledgeService
    reindexing: ReindexService
    search: KnowledgeSearch
    chat: ChatService
    turns: Turns
    completions: Completions
    tool_server: ToolServer
    feedback: FeedbackService
    sharing: SharingService
    reports: ReportService
    feedback_turns: FeedbackTurns
    usage: UsageService
    jobs: Jobs
    account: AccountService
    quotas: Quotas
    repeats: RepeatService
