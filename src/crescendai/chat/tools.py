"""The tutor's three tools: thin, read-only, and bound to the caller by the server.

No argument can name another caller. Whatever cannot be done is answered in words, so that the
model can put it right or tell the person.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Annotated, Any, TypeAlias
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from crescendai.chat.collaborators import Contexts, Recordings, Search, Takes
from crescendai.chat.readings import analysis_for_model, passages_for_model
from crescendai.chat.schemas import UserContext
from crescendai.errors import Conflict, CrescendError, InvalidInput, NotFound
from crescendai.identity.service import Caller
from crescendai.knowledge.results import SearchAnswer
from crescendai.ports.language_model import ToolSpec
from crescendai.recordings.schemas import Analysis
from crescendai.recordings.takes import TakeComparison

MAX_TOP_K = 10

_NOTHING = "The library has nothing on this. Say so, and cite nothing for it."

Found: TypeAlias = SearchAnswer | Analysis | UserContext | None


class SearchArguments(BaseModel):
    model_config = ConfigDict(extra="forbid")

    query: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)
    ] = Field(description="What to look for, in the words a pianist would use.")
    top_k: int = Field(5, ge=1, le=MAX_TOP_K, description="How many passages, 1 to 10.")


class AnalysisArguments(BaseModel):
    model_config = ConfigDict(extra="forbid")

    recording_id: UUID = Field(description="The id of one of the person's own recordings.")


class ContextArguments(BaseModel):
    model_config = ConfigDict(extra="forbid")

    session_id: UUID = Field(description="The id of this conversation.")


SPECS: tuple[ToolSpec, ...] = (
    ToolSpec(
        "search_knowledge_base",
        "Search the library of piano pedagogy. Returns passages to quote word for word.",
        SearchArguments.model_json_schema(),
    ),
    ToolSpec(
        "get_performance_analysis",
        "The analysis of a recording: scores between two poles with their 80 % intervals, "
        "measurements, and what stands out in each 3-second window.",
        AnalysisArguments.model_json_schema(),
    ),
    ToolSpec(
        "get_user_context",
        "The person's goals, constraints, repertoire, level and preferred feedback style.",
        ContextArguments.model_json_schema(),
    ),
)


@dataclass(frozen=True)
class ToolAnswer:
    """``content`` is what the model reads, ``summary`` what people see, ``found`` the thing."""

    ok: bool
    content: str
    summary: str
    found: Found = None


@dataclass(frozen=True)
class Toolbox:
    """The services behind the tools; :meth:`for_session` binds them to a caller.

    Without a session, a tool call may name any session that is the caller's. ``takes`` is no tool
    of a model's: the built-in tutor lays two recordings side by side with it.
    """

    search: Search
    recordings: Recordings
    contexts: Contexts
    takes: Takes | None = None

    def for_session(self, caller: Caller, session_id: UUID | None) -> Tools:
        return Tools(self, caller, session_id)


class Tools:
    """The tools in the hands of one caller. Passages are numbered through the whole turn."""

    specs = SPECS

    def __init__(self, toolbox: Toolbox, caller: Caller, session_id: UUID | None) -> None:
        self._toolbox = toolbox
        self._caller = caller
        self._session_id = session_id
        self._passages_seen = 0

    async def call(self, name: str, arguments: str | dict[str, Any]) -> ToolAnswer:
        """Carry out one call. Only a failure of the server itself is raised."""
        try:
            given = json.loads(arguments or "{}") if isinstance(arguments, str) else arguments
        except json.JSONDecodeError:
            return _refused("The arguments are not valid JSON. Send one JSON object.")
        try:
            match name:
                case "search_knowledge_base":
                    return await self._search(SearchArguments.model_validate(given))
                case "get_performance_analysis":
                    return await self._analysis(AnalysisArguments.model_validate(given))
                case "get_user_context":
                    return await self._context(ContextArguments.model_validate(given))
        except ValidationError as error:
            return _refused(f"The arguments do not fit: {_explain(error)}.")
        except (NotFound, Conflict, InvalidInput) as error:
            return _refused(_say(error))
        known = ", ".join(tool.name for tool in SPECS)
        return _refused(f"There is no tool of that name. The tools are: {known}.")

    async def compare_takes(self, one: UUID, other: UUID) -> TakeComparison | None:
        """The caller's two takes side by side; None when they are not of the same music."""
        if self._toolbox.takes is None:
            return None
        try:
            return await self._toolbox.takes.compare(self._caller, one, other)
        except (NotFound, Conflict):
            return None

    async def _search(self, given: SearchArguments) -> ToolAnswer:
        answer = await self._toolbox.search.search(self._caller, given.query, given.top_k)
        if not answer.has_answer:
            return ToolAnswer(True, _NOTHING, "no passages", replace(answer, hits=()))
        content = passages_for_model(answer.hits, first_number=self._passages_seen + 1)
        self._passages_seen += len(answer.hits)
        return ToolAnswer(True, content, _count(len(answer.hits), "passage"), answer)

    async def _analysis(self, given: AnalysisArguments) -> ToolAnswer:
        analysis = await self._toolbox.recordings.analysis(self._caller, given.recording_id)
        windows = _count(len(analysis.temporal_segments), "window")
        summary = f"{analysis.duration:.1f} s, {len(analysis.scores)} scores, {windows}"
        return ToolAnswer(True, analysis_for_model(analysis), summary, analysis)

    async def _context(self, given: ContextArguments) -> ToolAnswer:
        contexts = self._toolbox.contexts
        if self._session_id is None:
            context = await contexts.context_in(self._caller, given.session_id)
        elif given.session_id == self._session_id:
            context = await contexts.context(self._caller)
        else:
            return _refused("That is not this conversation; only its own context can be read.")
        known = context.model_dump(exclude={"updated_at"}, exclude_defaults=True)
        summary = "what you told about yourself" if known else "nothing told yet"
        return ToolAnswer(True, context.model_dump_json(exclude={"updated_at"}), summary, context)


def _refused(sentence: str) -> ToolAnswer:
    return ToolAnswer(False, sentence, sentence)


def _say(error: CrescendError) -> str:
    if isinstance(error, NotFound):
        return "There is nothing of that id that belongs to this person."
    return error.message


def _explain(error: ValidationError) -> str:
    parts = []
    for problem in error.errors(include_input=False, include_url=False):
        field = ".".join(str(part) for part in problem["loc"]) or "the object"
        parts.append(f"{field}: {problem['msg'][0].lower()}{problem['msg'][1:]}")
    return "; ".join(parts)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
