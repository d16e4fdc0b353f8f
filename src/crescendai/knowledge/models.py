"""The two text models that a passage's stored numbers come from."""

from __future__ import annotations

from dataclasses import dataclass

from crescendai.ports.embedding import Embedder, Reranker


@dataclass(frozen=True)
class TextModels:
    """What one pair of models stored, another pair cannot read: :attr:`id` tells them apart."""

    embedder: Embedder
    reranker: Reranker

    @property
    def id(self) -> str:
        return f"{self.embedder.model_id}+{self.reranker.model_id}"

    @property
    def dimensions(self) -> int:
        return self.embedder.dimensions
