"""Makes the handbook's readings anew: ``python -m tools.read_handbook`` (half a minute of a core).

To be run after a change of an article, of the way documents are cut, or of a model that comes with
the installation; a test fails while the readings are stale.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from crescendai.adapters.documents.process import ProcessParser
from crescendai.bootstrap.floor import opened
from crescendai.bootstrap.services import build_services
from crescendai.knowledge.ingestion import IngestionService
from crescendai.knowledge.models import TextModels
from crescendai.knowledge.readings import FILE, key, write
from crescendai.settings import Settings


@dataclass(frozen=True)
class KeepingModels(TextModels):
    """Reads everything itself and keeps what was made."""

    kept: dict[bytes, bytes] = field(default_factory=dict)

    async def make(self, read: Sequence[Sequence[str]]) -> list[dict[str, bytes]]:
        made = await super().make(read)
        for passage, of_passage in zip(read, made, strict=True):
            self.kept.update({key(name, passage): data for name, data in of_passage.items()})
        return made


async def readings(data_dir: Path) -> dict[bytes, bytes]:
    """Of the packaged handbook, taken in anew in an empty data folder."""
    async with opened(Settings(data_dir=data_dir)) as floor:
        models = KeepingModels(floor.text_models.embedder, floor.text_models.reranker, known={})
        knowledge = build_services(floor).knowledge
        ingestion = IngestionService(
            transactions=floor.database.transactions,
            objects=floor.objects,
            parser=ProcessParser(),
            models=models,
        )
        caller = await build_services(floor).identity.ensure_user()
        await knowledge.ensure_handbook()
        for document in (await knowledge.list(caller, None, 200)).items:
            await ingestion.ingest(UUID(str(document.document_id)))
        return models.kept


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        made = asyncio.run(readings(Path(folder)))
    write(made)
    print(f"{len(made)} readings, {FILE.stat().st_size / 1e6:.1f} MB: {FILE.name}")


if __name__ == "__main__":
    main()
