"""From a passage of the library to the citation that people see."""

from __future__ import annotations

from crescendai.chat.schemas import Citation
from crescendai.knowledge.results import Hit


def citation(number: str, hit: Hit, quote: str) -> Citation:
    """``quote`` must stand word for word in the passage."""
    return Citation(
        id=number,
        chunk_id=hit.chunk_id,
        document_id=hit.document_id,
        title=hit.title,
        author=hit.author,
        page=hit.page,
        heading=hit.heading_path[-1] if hit.heading_path else None,
        quote=quote,
    )
