"""Engines that users would choose instead, for ``bench.library_scale``; each only if installed."""

from __future__ import annotations

import importlib
import sqlite3
import tempfile
from collections.abc import Callable, Sequence
from typing import Any
from uuid import uuid4

import numpy as np
import numpy.typing as npt

from crescendai.ports.vectors import VectorBlock

Vectors = npt.NDArray[np.float32]
Ask = Callable[[Vectors], Sequence[int]]


def block(numbers: npt.NDArray[np.int64], vectors: Vectors) -> VectorBlock:
    return VectorBlock(uuid4(), None, numbers, vectors)


def numpy_exact(vectors: Vectors) -> Ask:
    return lambda query: np.argpartition(-(vectors @ query), 10)[:10].tolist()


def faiss_hnsw(vectors: Vectors) -> Ask:
    faiss: Any = importlib.import_module("faiss")
    faiss.omp_set_num_threads(2)
    index = faiss.IndexHNSWFlat(vectors.shape[1], 32, faiss.METRIC_INNER_PRODUCT)
    index.hnsw.efConstruction = 80
    index.add(vectors)
    index.hnsw.efSearch = 256
    return lambda query: [int(one) for one in index.search(query[None], 10)[1][0]]


def lancedb_ivf(vectors: Vectors) -> Ask:
    lancedb: Any = importlib.import_module("lancedb")
    pa: Any = importlib.import_module("pyarrow")
    column = pa.FixedSizeListArray.from_arrays(vectors.ravel(), vectors.shape[1])
    data = pa.table({"vector": column, "number": np.arange(len(vectors))})
    table = lancedb.connect(tempfile.mkdtemp()).create_table("v", data)
    table.create_index(metric="cosine", index_type="IVF_RQ", num_partitions=256)

    def ask(query: Vectors) -> list[int]:
        near = table.search(query).distance_type("cosine").nprobes(100).refine_factor(20)
        return [row["number"] for row in near.select(["number"]).limit(10).to_list()]

    return ask


def chroma(vectors: Vectors) -> Ask:
    chromadb: Any = importlib.import_module("chromadb")
    client = chromadb.EphemeralClient()
    made = client.create_collection(
        uuid4().hex, configuration={"hnsw": {"space": "cosine", "ef_search": 256}}
    )
    for start in range(0, len(vectors), 5000):
        part = vectors[start : start + 5000]
        made.add(ids=[str(start + at) for at in range(len(part))], embeddings=part)
    return lambda query: [
        int(one) for one in made.query(query_embeddings=query[None], n_results=10)["ids"][0]
    ]


def qdrant_local(vectors: Vectors) -> Ask:
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
    return lambda query: [
        int(one.id) for one in client.query_points("v", query.tolist(), limit=10).points
    ]


def sqlite_vec(vectors: Vectors) -> Ask:
    extension: Any = importlib.import_module("sqlite_vec")
    path = tempfile.mkdtemp() + "/v.db"
    database = sqlite3.connect(path, check_same_thread=False)
    database.enable_load_extension(True)
    extension.load(database)
    database.execute(
        f"CREATE VIRTUAL TABLE v USING vec0(e float[{vectors.shape[1]}] distance_metric=cosine)"
    )
    rows = ((at, row.tobytes()) for at, row in enumerate(vectors))
    database.executemany("INSERT INTO v (rowid, e) VALUES (?, ?)", rows)
    database.commit()
    asked = "SELECT rowid FROM v WHERE e MATCH ? AND k = 10 ORDER BY distance"
    return lambda query: [row[0] for row in database.execute(asked, (query.tobytes(),))]


ENGINES: dict[str, Callable[[Vectors], Ask]] = {
    "numpy, exact float32": numpy_exact,
    "FAISS HNSW": faiss_hnsw,
    "LanceDB IVF_RQ": lancedb_ivf,
    "Chroma HNSW": chroma,
    "Qdrant, local mode": qdrant_local,
    "sqlite-vec, exact": sqlite_vec,
}
