"""Questions with passages that answer and others, for ``tools/train_search_model.py``.

``python -m bench.search_pairs --data FOLDER --out pairs.jsonl``, with the library that ``python -m
bench.retrieval --data FOLDER`` keeps. The questions are those of ``questions/train.jsonl``, each
written for one passage of a shared book, and the ones that Hofmann's readers put to him, each
with the beginning of his answer. Of the windows that lie in a gold passage those answer that are
about as near to the question as the nearest. What only seems to answer is the nearest window of
each of the 30 passages that search finds first, unless the passage holds the answer or lies beside
one that does. ``words`` tells by a passage's number what its words say of the question (BM25).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bench.retrieval import OWN, SHARED, open_library, take_in
from crescendai.adapters.database.engine import Database, sqlite_url
from crescendai.adapters.models.library_models import LibraryModels
from crescendai.adapters.models.minilm import english_words
from crescendai.adapters.words.memory import MemoryWordIndex
from crescendai.knowledge.models import read_vectors
from crescendai.settings import read_settings

HOFMANN = "hofmann_piano_playing_with_questions.txt"
ASKED = re.compile(r"\[Sidenote: [^\]]+\]\n\n(.+?\?)\n\n(.+?)\n\n", re.DOTALL)
LONGEST_QUESTION, SHORTEST_ANSWER, LONGEST_ANSWER = 260, 80, 400
FOUND = 30
BY_WORDS = 1000
ABOUT_AS_NEAR = 0.1  # of cosine


@dataclass(frozen=True)
class Passage:
    number: int
    file: str
    start: int
    end: int
    windows: list[tuple[int, int, str]]
    vectors: Any


async def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--data", type=Path, required=True)
    arguments.add_argument("--out", type=Path, required=True)
    chosen = arguments.parse_args()
    database, models = Database(sqlite_url(chosen.data)), LibraryModels(read_settings())
    library = await open_library(database, chosen.data, models.text_models)
    files = await take_in(library)
    names = {document.hex: name for document, name in files.items()}
    embedder = models.text_models.embedder
    passages = read_passages(chosen.data / "crescendai.db", names, embedder.model_id)
    search = list(library.searches.values())[-1]
    words = MemoryWordIndex(database.transactions, english_words())
    with chosen.out.open("w", encoding="utf-8") as out:
        for query, file, start, end in [*written(), *readers_questions()]:
            [vector] = await embedder.embed([query])
            found = (await search.search(library.caller, query, FOUND)).hits
            pair = paired(passages, [hit.chunk_id.hex for hit in found], vector, file, start, end)
            matches = await words.match(query, library.caller.user_id, BY_WORDS)
            pair["words"] = {one.number: round(one.score, 1) for one in matches}
            if pair["positives"] and pair["negatives"]:
                out.write(json.dumps({"query": query, **pair}) + "\n")
    await models.close()
    await database.close()


def written() -> Iterator[tuple[str, str, int, int]]:
    with (OWN / "train.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            question = json.loads(line)
            [gold] = question["gold"]
            yield question["query"], gold["file"], gold["start"], gold["end"]


def readers_questions() -> Iterator[tuple[str, str, int, int]]:
    text = (SHARED / "corpus" / "books" / HOFMANN).read_text(encoding="utf-8")
    for found in ASKED.finditer(text):
        query, start = re.sub(r"\s+", " ", found[1]), found.start(2)
        if len(query) < LONGEST_QUESTION and len(found[2]) > SHORTEST_ANSWER:
            yield query, HOFMANN, start, min(found.end(2), start + LONGEST_ANSWER)


def read_passages(path: Path, names: dict[str, str], model_id: str) -> dict[str, Passage]:
    """By the chunk's id."""
    rows = sqlite3.connect(path).execute(
        "SELECT c.id, c.number, c.document_id, c.start_char, c.end_char, c.text, c.windows, "
        "d.title, m.data FROM knowledge_chunks c JOIN knowledge_documents d "
        "ON d.id = c.document_id JOIN knowledge_model_data m ON m.number = c.number "
        "WHERE m.model_id = ?",
        (model_id,),
    )
    passages = {}
    for chunk, number, document, start, end, text, windows, title, data in rows:
        spans = json.loads(windows) or [[0, len(text)]]
        own = [(start + a, start + b, f"{title}. {text[a:b]}") for a, b in spans]
        vectors = read_vectors(data, 384)
        passages[chunk] = Passage(number, names.get(document, ""), start, end, own, vectors)
    return passages


def paired(
    passages: dict[str, Passage], found: list[str], vector: Any, file: str, start: int, end: int
) -> dict[str, Any]:
    """Windows with their passage's number, and the numbers that answer or lie beside an answer."""
    own = [one for one in passages.values() if one.file == file]
    holding = [
        one.number for one in own if 2 * (min(one.end, end) - max(one.start, start)) >= end - start
    ]
    inside = [
        (float(nearness), one.number, text)
        for one in own
        for (at, to, text), nearness in zip(one.windows, one.vectors @ vector, strict=True)
        if 2 * (min(to, end) - max(at, start)) >= min(end - start, to - at)
    ]
    enough = max((nearness for nearness, _, _ in inside), default=0.0) - ABOUT_AS_NEAR
    positives = [(number, text) for nearness, number, text in inside if nearness >= enough]
    near = {number + beside for number in holding for beside in (-1, 0, 1)}
    others = [passages[chunk] for chunk in found if passages[chunk].number not in near]
    negatives = [
        (one.number, one.windows[int(np.argmax(one.vectors @ vector))][2]) for one in others
    ]
    return {"positives": positives, "negatives": negatives, "near": sorted(near)}


if __name__ == "__main__":
    asyncio.run(main())
