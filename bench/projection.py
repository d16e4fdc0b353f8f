"""Fits what the training of the search model begins with (``tools/train_search_model.py``).

``python -m bench.projection --out FOLDER``: the 64 leading directions (uncentred) of unit-length
token states of MiniLM as it was before that training, over windows of the packaged handbook and of
the shared books, and how much each token of the vocabulary says: the logarithm of how few of those
windows hold it.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import numpy as np

from crescendai.adapters.documents import plain
from crescendai.adapters.models.maxsim import DIMENSIONS
from crescendai.adapters.models.minilm import ORIGINAL, MiniLM, new_tokenizer
from crescendai.knowledge.chunking import chunk_document

HANDBOOK = Path(__file__).parents[1] / "src" / "crescendai" / "knowledge" / "handbook"
SHARED = Path(os.environ.get("CRESCENDAI_SHARED", "../shared"))
EVERY = 4  # one window in so many is enough


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--out", type=Path, required=True)
    out = arguments.parse_args().out
    texts = []
    for path in sorted([*HANDBOOK.glob("*.md"), *(SHARED / "corpus" / "books").glob("*.txt")]):
        parse = plain.parse_markdown if path.suffix == ".md" else plain.parse_text
        document = parse(path.read_text(encoding="utf-8"))
        for chunk in chunk_document(document):
            texts += [document.text[window.start : window.end] for window in chunk.windows]
    model = MiniLM(ORIGINAL)
    holding = np.zeros(new_tokenizer().get_vocab_size())
    for ids in model.token_ids(texts):
        holding[list(set(ids))] += 1
    weights = np.log((len(texts) + 1) / (holding + 1))
    np.savez_compressed(out / "token_weights.npz", weights=weights.astype(np.float16))
    scatter = np.zeros((384, 384))
    for start in range(0, len(texts), 256 * EVERY):
        for states in model.token_states(texts[start : start + 256 * EVERY : EVERY]):
            rows = states[1:-1] / np.linalg.norm(states[1:-1], axis=1, keepdims=True)
            scatter += rows.T @ rows
    values, vectors = np.linalg.eigh(scatter)
    projection = vectors[:, ::-1][:, :DIMENSIONS]
    np.savez(out / "projection.npz", projection=projection.astype(np.float16))
    share = values[::-1][:DIMENSIONS].sum() / values.sum()
    print(f"{len(texts) // EVERY} windows, {share:.1%} of the energy kept")


if __name__ == "__main__":
    main()
