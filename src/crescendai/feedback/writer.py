"""The model-written feedback. Whoever calls it checks the draft; nothing here is trusted."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic import ValidationError

from crescendai.errors import UpstreamFailed
from crescendai.feedback.draft_schema import SCHEMA, Written, as_draft
from crescendai.feedback.prompts import read_prompt
from crescendai.feedback.verify import Draft
from crescendai.knowledge.results import Hit
from crescendai.music.dimensions import BY_KEY
from crescendai.ports.cache import Cache
from crescendai.ports.language_model import LanguageModel, Message, Spent, Usage
from crescendai.recordings.schemas import Analysis, TemporalSegment

CACHE_SEC = 24 * 3600.0
WINDOW_DEVIATIONS = 4


@dataclass(frozen=True)
class Answer:
    """An unchecked draft; ``model`` is the one that wrote it, which may be the fallback."""

    draft: Draft
    model: str
    prompt: str


class FeedbackWriter:
    """Asks a language model for a feedback; the same question is answered from the cache."""

    def __init__(self, *, model: LanguageModel, cache: Cache) -> None:
        self._model = model
        self._cache = cache

    @property
    def model_id(self) -> str:
        return self._model.model_id

    async def write(self, analysis: Analysis, hits: Sequence[Hit], spent: Spent) -> Answer:
        """Raises UpstreamFailed, also when the answer does not fit. ``spent`` is told the cost."""
        prompt, context = read_prompt("feedback"), _material(analysis, hits)
        whose = analysis.recording_id  # one caller's, so the answer is theirs alone
        asked = f"{self.model_id}\n{prompt.text}\n{whose}\n{context}"
        key = hashlib.sha256(asked.encode()).hexdigest()
        cached = await self._cache.get(f"llm:{key}")
        if cached is not None:
            kept = json.loads(cached)
            answer, model = kept["answer"], kept["model"]
        else:
            messages = [Message("system", prompt.text), Message("user", context)]
            model = self.model_id

            def note(usage: Usage) -> None:
                nonlocal model
                model = usage.model or model
                spent(replace(usage, model=model))

            answer = await self._model.complete_json(
                messages, SCHEMA, check=Written.model_validate, spent=note
            )
        try:
            written = Written.model_validate(answer)
        except ValidationError as error:
            raise UpstreamFailed("llm_unavailable", "AI service unavailable") from error
        if cached is None:
            await self._cache.set(f"llm:{key}", _kept(answer, model), CACHE_SEC)
        return Answer(as_draft(written, analysis, hits), model, prompt.version)


def _kept(answer: dict[str, Any], model: str) -> bytes:
    return json.dumps({"answer": answer, "model": model}).encode()


def _material(analysis: Analysis, hits: Sequence[Hit]) -> str:
    document: dict[str, Any] = {
        "duration_sec": round(analysis.duration, 1),
        "scores": [_score(key, analysis) for key in (*analysis.scores, *analysis.holistic)],
        "measurements": {
            key: f"{measured.value:.4g} {measured.unit}"
            for key, measured in analysis.measurements.items()
            if measured.value is not None
        },
        "windows": [
            {
                "number": number,
                "timestamp": segment.timestamp,
                "scores": _furthest(segment, analysis),
            }
            for number, segment in enumerate(analysis.temporal_segments, start=1)
        ],
        "passages": [
            {"number": number, "title": hit.title, "text": hit.text}
            for number, hit in enumerate(hits, start=1)
        ],
    }
    return json.dumps(document, ensure_ascii=False)


def _furthest(segment: TemporalSegment, analysis: Analysis) -> dict[str, float]:
    """The window's scores that differ most from the whole's."""

    def distance(key: str) -> float:
        return abs(segment.scores[key] - analysis.scores[key])

    keys = sorted(segment.scores, key=distance, reverse=True)[:WINDOW_DEVIATIONS]
    return {key: round(segment.scores[key], 2) for key in keys}


def _score(key: str, analysis: Analysis) -> dict[str, Any]:
    low, high = analysis.intervals[key]
    value = (analysis.scores | analysis.holistic)[key]
    return {
        "key": key,
        "0": BY_KEY[key].left,
        "1": BY_KEY[key].right,
        "value": round(value, 2),
        "interval_80": [round(low, 2), round(high, 2)],
    }
