"""The model as its authors know it: cosines that the original gives for these pairs."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from crescendai.adapters.models import minilm
from crescendai.adapters.models.minilm import ORIGINAL, ORIGINAL_ID, MiniLM, MiniLMEmbedder

PAIRS = [
    ("The cat sits outside", "The dog plays in the garden", 0.2838),
    ("A man is playing guitar", "A woman watches TV", -0.0327),
    ("The new movie is awesome", "The new movie is so great", 0.8939),
]


@pytest.mark.parametrize(("one", "other", "cosine"), PAIRS)
async def test_known_cosines(one: str, other: str, cosine: float) -> None:
    vectors = await MiniLMEmbedder(MiniLM(ORIGINAL), ORIGINAL_ID).embed([one, other])
    assert float(vectors[0] @ vectors[1]) == pytest.approx(cosine, abs=0.02)


async def test_at_most_256_tokens_are_read() -> None:
    embedder = MiniLMEmbedder(MiniLM())
    start = "pedal " * 254
    read, more = await embedder.embed([start, start + "trill " * 100])
    assert float(read @ more) > 0.9999


def test_making_a_model_opens_nothing() -> None:
    model = MiniLM()
    assert model._network is None


def test_the_files_beside_the_adapter_are_those_that_were_recorded() -> None:
    folder = Path(minilm.__file__).parent / "weights" / "minilm"
    for line in (folder / "SHA256SUMS").read_text().splitlines():
        digest, name = line.split()
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
