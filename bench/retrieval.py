"""How often search finds the right passage, and how fast: ``python -m bench.retrieval``.

Takes the shared books in as a user's documents, through the service and the real models, and asks
four sets of questions: the shared development questions, two halves of this project's own, each
written from a single passage, and some written like those that the model was trained on, after it
was. What is chosen is chosen on ``questions/tune.jsonl``; the others tell how well it does. Prints,
for every stage, the share of questions whose answer is among the first k, and how well
the best hit's score tells questions with an answer from those without one (AUC); then the latency
of the whole search. A hit is a returned chunk that covers at least half of one gold quote.
``--data FOLDER`` keeps the library for the next run. ``--models bge-base`` asks the same of
BGE-base and its reranker, from where ``crescendai serve`` finds them (``CRESCENDAI_DATA_DIR``, and
``CRESCENDAI_MODEL_DOWNLOADS=on`` to fetch them).
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import os
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import numpy as np

from crescendai.adapters.cache.disk import DiskCache
from crescendai.adapters.database.engine import Database, sqlite_url
from crescendai.adapters.database.migrate import migrate
from crescendai.adapters.documents.process import ProcessParser
from crescendai.adapters.models.library_models import LibraryModels
from crescendai.adapters.models.minilm import english_words
from crescendai.adapters.objects.folder import FolderObjectStore
from crescendai.adapters.vectors.memory import MemoryVectorIndex
from crescendai.adapters.words.memory import MemoryWordIndex
from crescendai.errors import UpstreamFailed
from crescendai.identity.service import Caller, IdentityService
from crescendai.knowledge.evaluation import DEPTH, Question, rank, read_questions, recall
from crescendai.knowledge.ingestion import IngestionService
from crescendai.knowledge.models import TextModels
from crescendai.knowledge.results import SearchAnswer
from crescendai.knowledge.search import KnowledgeSearch, Weights
from crescendai.knowledge.service import KnowledgeService
from crescendai.settings import read_settings

SHARED = Path(os.environ.get("CRESCENDAI_SHARED", "../shared"))
OWN = Path(__file__).parent / "questions"
SETS = {
    "development": SHARED / "corpus" / "dev.jsonl",
    "own, to choose by": OWN / "tune.jsonl",
    "own, to report": OWN / "report.jsonl",
    "own, written later": OWN / "later.jsonl",
}


NO_LIMIT_MS = 1e9  # so that a busy machine changes the time only


@dataclass
class Library:
    service: KnowledgeService
    ingestion: IngestionService
    searches: dict[str, KnowledgeSearch]
    caller: Caller


async def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--data", type=Path, help="keep the library in this folder")
    arguments.add_argument("--models", choices=("minilm", "bge-base"), default="minilm")
    chosen = arguments.parse_args()
    folder = chosen.data
    reranker = "bge-base" if chosen.models == "bge-base" else None
    models = LibraryModels(read_settings(embedder=chosen.models, reranker=reranker))
    try:
        await models.text_models.embedder.embed(["piano"])
        await models.text_models.reranker.rerank("piano", [b"piano"] if reranker else [])
    except UpstreamFailed as error:
        raise SystemExit(error.message) from None
    with tempfile.TemporaryDirectory() as scratch:
        data = (folder or Path(scratch)).resolve()
        data.mkdir(parents=True, exist_ok=True)
        database = Database(sqlite_url(data))
        await migrate(database)
        library = await open_library(database, data, models.text_models)
        files = await take_in(library)
        for name, path in SETS.items():
            await _report(library, files, name, read_questions(path))
        await _report_latency(library, [one.query for one in read_questions(SETS["development"])])
        await models.close()
        await database.close()


async def open_library(database: Database, data: Path, models: TextModels) -> Library:
    transactions, objects = database.transactions, FolderObjectStore(data / "objects")
    return Library(
        service=KnowledgeService(transactions=transactions, objects=objects),
        ingestion=IngestionService(
            transactions=transactions,
            objects=objects,
            parser=ProcessParser(),
            models=models,
        ),
        searches={
            name: KnowledgeSearch(
                transactions=transactions,
                models=models,
                open_index=MemoryVectorIndex,
                words=MemoryWordIndex(transactions, english_words()),
                cache=DiskCache(data / "cache"),
                weights=weights,
                budget_ms=NO_LIMIT_MS,
            )
            for name, weights in STAGES.items()
        },
        caller=await IdentityService(transactions, False).ensure_user(),
    )


async def take_in(library: Library) -> dict[UUID, str]:
    """Every book, under its title; file name by document id."""
    files = {}
    began = time.perf_counter()
    chunks = 0
    with (SHARED / "corpus" / "SOURCES.tsv").open(encoding="utf-8") as table:
        sources = list(csv.DictReader(table, delimiter="\t"))
    for source in sources:
        path = SHARED / "corpus" / "books" / source["file"]
        if not path.exists():
            continue
        fields = {"title": source["title"], "author": source["author"]}
        submitted = await library.service.submit(
            library.caller, path.name, _stream(path.read_bytes()), fields
        )
        document_id = submitted.document.document_id
        await library.ingestion.ingest(document_id)
        files[document_id] = path.name
        chunks += (await library.service.get(library.caller, document_id)).chunk_count
    print(f"{len(files)} books, {chunks} chunks, taken in in {time.perf_counter() - began:.0f} s")
    return files


async def _report(
    library: Library, files: dict[UUID, str], name: str, questions: Sequence[Question]
) -> None:
    known = [question for question in questions if question.gold]
    unknown = [question for question in questions if not question.gold]
    print(f"{name} questions: {len(known)} with an answer, {len(unknown)} without")
    print("| ranking | R@1 | R@3 | R@10 | AUC of the best score | processor time a search |")
    for stage, search in library.searches.items():
        began = time.process_time()
        answers = [await _ask(library, search, question) for question in known]
        cpu_ms = (time.process_time() - began) / len(known) * 1000
        ranks = [rank(a.hits, one.gold, files) for a, one in zip(answers, known, strict=True)]
        shares = " | ".join(f"{share:.3f}" for share in recall(ranks).at.values())
        others = [await _ask(library, search, question) for question in unknown]
        auc = separation([_best(a) for a in answers], [_best(a) for a in others])
        print(f"| {stage} | {shares} | {auc:.3f} | {cpu_ms:.0f} ms |", flush=True)
    auc = separation([_sure(a) for a in answers], [_sure(a) for a in others])
    print(f"AUC of the last one's confidence: {auc:.3f}", flush=True)


async def _ask(library: Library, search: KnowledgeSearch, question: Question) -> SearchAnswer:
    return await search.search(library.caller, question.query, DEPTH)


def _best(answer: SearchAnswer) -> float:
    return answer.hits[0].score if answer.hits else 0.0


def _sure(answer: SearchAnswer) -> float:
    return answer.confidence or 0.0


def separation(with_answer: Sequence[float], without: Sequence[float]) -> float:
    """Area under the ROC curve: how often the score of a question with an answer is the higher.

    NaN where there are none of either.
    """
    if not with_answer or not without:
        return float("nan")
    ours, theirs = np.array(with_answer)[:, None], np.array(without)[None, :]
    return float(np.mean((ours > theirs) + 0.5 * (ours == theirs)))


async def _report_latency(library: Library, queries: Sequence[str]) -> None:
    search = library.searches["reranked, then by likeness"]
    for name, ending in (("new query", " exactly"), ("known query", "")):
        answers = [await search.search(library.caller, query + ending) for query in queries]
        p50, p95 = np.percentile([answer.took_ms for answer in answers], [50, 95])
        print(f"latency, {name}: p50 {p50:.1f} ms, p95 {p95:.1f} ms")


STAGES = {
    "bm25": Weights(cosine=0, reranker=0),
    "dense": Weights(bm25=0, reranker=0),
    "fused": Weights(reranker=0),
    "reranked": Weights(likeness=0),
    "reranked, then by likeness": Weights(),
}


async def _stream(content: bytes) -> AsyncIterator[bytes]:
    yield content


if __name__ == "__main__":
    asyncio.run(main())
