"""The packaged handbook answers pianists' questions in their own words."""

from __future__ import annotations

import json
from pathlib import Path

from crescendai.adapters.models.maxsim import MaxSimReranker
from crescendai.adapters.models.minilm import MiniLM, MiniLMEmbedder
from crescendai.music.dimensions import ALL
from tests.knowledge.conftest import opened_library

QUESTIONS = json.loads((Path(__file__).parent / "handbook_questions.json").read_text("utf-8"))


async def test_the_right_article_is_among_the_first_three(handbook_folder: Path) -> None:
    model = MiniLM()
    missed = []
    asked = 0
    async with opened_library(
        handbook_folder, MiniLMEmbedder(model), MaxSimReranker(model)
    ) as library:
        owner = await library.identity.ensure_user()
        names = {
            document.document_id: document.filename.removesuffix(".md")
            for document in (await library.service.list(owner, None, 200)).items
        }
        for entry in QUESTIONS:
            expected = set(entry["articles"]) & set(names.values())
            if not expected:
                continue
            asked += 1
            answer = await library.search.search(owner, entry["question"], 3)
            found = [names[hit.document_id] for hit in answer.hits]
            if not expected & set(found):
                missed.append((entry["question"], entry["articles"], found))
    assert asked >= 100
    assert len(missed) <= 0.05 * asked, missed


def test_every_dimension_is_asked_about_from_both_poles() -> None:
    asked = {(entry["dimension"], entry["pole"]) for entry in QUESTIONS if "dimension" in entry}
    assert asked == {(scale.key, pole) for scale in ALL for pole in ("left", "right")}


async def test_every_article_is_ready_with_what_its_front_matter_says(
    handbook_folder: Path,
) -> None:
    model = MiniLM()
    async with opened_library(
        handbook_folder, MiniLMEmbedder(model), MaxSimReranker(model)
    ) as library:
        owner = await library.identity.ensure_user()
        documents = (await library.service.list(owner, None, 200)).items
        assert {document.status for document in documents} == {"ready"}
        assert {document.author for document in documents} == {"CrescendAI Handbook"}
        assert all(document.builtin and document.chunk_count > 2 for document in documents)
        [hit] = (await library.search.search(owner, "clean and blurred pedal", 1)).hits
        assert hit.type == "dimension"
        assert "pedal_clean_blurred" in hit.dimensions
        assert hit.heading_path[0] == hit.title


STRANGE = (
    "How do I bake sourdough bread?",
    "Which tyres are best for snow?",
    "How do I file taxes as a freelance teacher?",
    "What are the fingerings for the alto saxophone?",
    "Which noise-cancelling headphones suit practising at night?",
)


async def test_pain_slips_of_spelling_american_names_and_questions_that_it_cannot_answer(
    handbook_folder: Path,
) -> None:
    model = MiniLM()
    async with opened_library(
        handbook_folder, MiniLMEmbedder(model), MaxSimReranker(model)
    ) as library:
        owner = await library.identity.ensure_user()
        for query in ("wrist pain", "my wrist hurts"):
            [hit] = (await library.search.search(owner, query, 1)).hits
            assert hit.type == "health", (query, hit.title)
        [hit] = (await library.search.search(owner, "pedel changes", 1)).hits
        assert "edal" in hit.title
        hits = (await library.search.search(owner, "Are my eighth notes rushed?", 3)).hits
        assert "Using a metronome well" in [hit.title for hit in hits]
        sure = [
            (await library.search.search(owner, entry["question"], 1)).confidence or 0
            for entry in QUESTIONS[::8]
        ]
        unsure = [(await library.search.search(owner, one, 1)).confidence or 1 for one in STRANGE]
        assert sum(sure) / len(sure) > 0.8
        assert sum(unsure) / len(unsure) < 0.3
