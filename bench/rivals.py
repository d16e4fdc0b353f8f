"""Engines that users would choose instead, for ``bench.library_scale``; each only if installed.

An engine that can trade recall for time yields one way of asking for each setting, the quickest
first, so that it can be measured at the recall that another one has.
"""

from __future__ import annotations

import importlib
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from uuid import uuid4

import numpy as np
import numpy.typing as npt

from crescendai.ports.vectors import VectorBlock

Vectors = npt.NDArray[np.float32]
Ask = Callable[[Vectors], Sequence[int]]
Asks = Iterator[tuple[str, Ask]]
"""What a setting is called, and the engine under it until the next one is taken."""

_STEP = 1.15


def efforts(first: int, last: int) -> Iterator[int]:
    """So close together that recall grows by less than 0.01 from one to the next."""
    effort = float(first)
    while effort <= last:
        yield round(effort)
        effort *= _STEP


def block(numbers: npt.NDArray[np.int64], vectors: Vectors) -> VectorBlock:
    return VectorBlock(uuid4(), None, numbers, vectors)


def numpy_exact(vectors: Vectors) -> Asks:
    yield "float32", lambda query: np.argpartition(-(vectors @ query), 10)[:10].tolist()


def faiss_hnsw(vectors: Vectors) -> Asks:
    faiss: Any = importlib.import_module("faiss")
    faiss.omp_set_num_threads(2)
    index = faiss.IndexHNSWFlat(vectors.shape[1], 32, faiss.METRIC_INNER_PRODUCT)
    index.hnsw.efConstruction = 80
    index.add(vectors)
    for effort in efforts(256, 4_000):
        index.hnsw.efSearch = effort
        yield (
            f"efSearch {effort}",
            lambda query: [int(one) for one in index.search(query[None], 10)[1][0]],
        )


def faiss_ivf(vectors: Vectors) -> Asks:
    faiss: Any = importlib.import_module("faiss")
    faiss.omp_set_num_threads(2)
    quantizer = faiss.IndexFlatIP(vectors.shape[1])
    index = faiss.IndexIVFFlat(quantizer, vectors.shape[1], 512, faiss.METRIC_INNER_PRODUCT)
    index.train(vectors)
    index.add(vectors)
    for effort in efforts(4, 512):
        index.nprobe = effort
        yield (
            f"nprobe {effort} of 512",
            lambda query: [int(one) for one in index.search(query[None], 10)[1][0]],
        )


def lancedb_ivf(vectors: Vectors) -> Asks:
    lancedb: Any = importlib.import_module("lancedb")
    pa: Any = importlib.import_module("pyarrow")
    column = pa.FixedSizeListArray.from_arrays(vectors.ravel(), vectors.shape[1])
    data = pa.table({"vector": column, "number": np.arange(len(vectors))})
    table = lancedb.connect(tempfile.mkdtemp()).create_table("v", data)
    table.create_index(metric="cosine", index_type="IVF_RQ", num_partitions=256)

    for effort in efforts(4, 256):

        def ask(query: Vectors, effort: int = effort) -> list[int]:
            near = table.search(query).distance_type("cosine").nprobes(effort).refine_factor(20)
            return [row["number"] for row in near.select(["number"]).limit(10).to_list()]

        yield f"nprobes {effort} of 256, refine 20", ask


def chroma(vectors: Vectors) -> Asks:
    chromadb: Any = importlib.import_module("chromadb")
    client = chromadb.EphemeralClient()
    made = client.create_collection(
        uuid4().hex, configuration={"hnsw": {"space": "cosine", "ef_search": 256}}
    )
    for start in range(0, len(vectors), 5000):
        part = vectors[start : start + 5000]
        made.add(ids=[str(start + at) for at in range(len(part))], embeddings=part)
    for effort in efforts(256, 4_000):
        made.modify(configuration={"hnsw": {"ef_search": effort}})
        yield (
            f"ef_search {effort}",
            lambda query: [
                int(one) for one in made.query(query_embeddings=query[None], n_results=10)["ids"][0]
            ],
        )


def qdrant_local(vectors: Vectors) -> Asks:
    qdrant: Any = importlib.import_module("qdrant_client")
    models = qdrant.models
    client = qdrant.QdrantClient(":memory:")
    client.create_collection(
        "v", models.VectorParams(size=vectors.shape[1], distance=models.Distance.COSINE)
    )
    for start in range(0, len(vectors), 10_000):
        part = vectors[start : start + 10_000]
        batch = models.Batch(ids=list(range(start, start + len(part))), vectors=part.tolist())
        client.upsert("v", batch)
    yield (
        "exact",
        lambda query: [
            int(one.id) for one in client.query_points("v", query.tolist(), limit=10).points
        ],
    )


def sqlite_vec(vectors: Vectors) -> Asks:
    extension: Any = importlib.import_module("sqlite_vec")
    path = tempfile.mkdtemp() + "/v.db"
    database = sqlite3.connect(path, check_same_thread=False)
    if not hasattr(database, "enable_load_extension"):
        raise ImportError("this Python's SQLite loads no extensions")
    database.enable_load_extension(True)
    extension.load(database)
    database.execute(
        f"CREATE VIRTUAL TABLE v USING vec0(e float[{vectors.shape[1]}] distance_metric=cosine)"
    )
    rows = ((at, row.tobytes()) for at, row in enumerate(vectors))
    database.executemany("INSERT INTO v (rowid, e) VALUES (?, ?)", rows)
    database.commit()
    asked = "SELECT rowid FROM v WHERE e MATCH ? AND k = 10 ORDER BY distance"
    yield "exact", lambda query: [row[0] for row in database.execute(asked, (query.tobytes(),))]


ENGINES: dict[str, Callable[[Vectors], Asks]] = {
    "numpy": numpy_exact,
    "faiss-hnsw": faiss_hnsw,
    "faiss-ivf": faiss_ivf,
    "lancedb-ivf-rq": lancedb_ivf,
    "sqlite-vec": sqlite_vec,
    "qdrant-local": qdrant_local,
    "chroma-hnsw": chroma,
}
