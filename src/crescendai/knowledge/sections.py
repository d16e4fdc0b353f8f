"""The parts by which a document is shown and its progress counted: pages, or sections."""

from __future__ import annotations

import itertools
from bisect import bisect_right
from collections.abc import Sequence

from crescendai.ports.documents import PageSpan, ParsedDocument

MAX_SECTION = 6000  # characters of a section that no chapter or heading ends earlier
_MIN_SECTION = 400


def parts(document: ParsedDocument) -> tuple[PageSpan, ...]:
    """The pages of a document that has some; else its sections, which cover the text.

    A section begins with a chapter or a heading of the first two levels, and where the one before
    it has grown too long to be read on one screen.
    """
    if document.pages:
        return document.pages
    starts = {span.start for span in document.sections}
    starts.update(one.start for one in document.headings if one.level <= 2)
    edges = [0]
    for start in sorted(starts):
        if start - edges[-1] >= _MIN_SECTION:
            edges.append(start)
    edges.append(len(document.text))
    cuts: list[int] = []
    for start, end in itertools.pairwise(edges):
        cuts.extend(_cut(document.text, start, end))
    ends = [*cuts[1:], len(document.text)]
    spans = zip(cuts, ends, strict=True)
    return tuple(PageSpan(number, *span) for number, span in enumerate(spans, start=1))


def part_at(spans: Sequence[PageSpan], offset: int) -> int:
    """The number of the part in which the character at ``offset`` stands."""
    return spans[max(bisect_right(spans, offset, key=lambda span: span.start) - 1, 0)].number


def _cut(text: str, start: int, end: int) -> list[int]:
    """Where the pieces of a run begin: it is cut at paragraphs, else at lines or words."""
    cuts = [start]
    while end - cuts[-1] > MAX_SECTION:
        limit = cuts[-1] + MAX_SECTION
        for mark in ("\n\n", "\n", " "):
            at = text.rfind(mark, cuts[-1] + _MIN_SECTION, limit)
            if at > 0:
                cuts.append(at + len(mark))
                break
        else:
            cuts.append(limit)
    return cuts
