from __future__ import annotations

from uuid import UUID

from sqlalchemy import (
    JSON,
    BigInteger,
    ForeignKey,
    Index,
    LargeBinary,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from crescendai.kit.sql import Base


class DocumentRow(Base):
    """``owner_id`` is NULL for the built-in library, whose documents are known by filename.

    ``title`` and ``author`` are NULL until somebody has said them: the uploader, or the document
    itself when it is read. ``model_id`` names the latest models that have been through all its
    chunks; ``revision`` is the library's revision that made it ready. ``run_id`` is the run of its
    ingestion that may write; ``pages_total`` counts pages, or the sections of a format without
    pages.
    """

    __tablename__ = "knowledge_documents"
    __table_args__ = (
        UniqueConstraint("owner_id", "sha256", name="uq_knowledge_documents_owner_id_sha256"),
        Index(
            "uq_knowledge_documents_builtin_filename",
            "filename",
            unique=True,
            sqlite_where=text("owner_id IS NULL"),
            postgresql_where=text("owner_id IS NULL"),
        ),
        Index("ix_knowledge_documents_owner_id_created_at_id", "owner_id", "created_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    owner_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    title: Mapped[str | None]
    author: Mapped[str | None]
    type: Mapped[str | None]
    level: Mapped[str | None]
    dimensions: Mapped[list[str]] = mapped_column(JSON)
    filename: Mapped[str]
    format: Mapped[str]
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str]
    status: Mapped[str]
    stage: Mapped[str]
    percent: Mapped[int]
    problem_code: Mapped[str | None]
    problem_reason: Mapped[str | None]
    page_count: Mapped[int | None]
    pages_total: Mapped[int | None]
    pages_done: Mapped[int] = mapped_column(server_default="0")
    hidden_characters: Mapped[int] = mapped_column(server_default="0")
    run_id: Mapped[UUID | None]
    chunk_count: Mapped[int]
    model_id: Mapped[str | None]
    revision: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[int] = mapped_column(BigInteger)
    updated_at: Mapped[int] = mapped_column(BigInteger)


class ChunkRow(Base):
    """``context`` is what stands above the text: title, author, headings; it is searched too.

    ``start_char`` and ``end_char`` are offsets in the document's text; ``section`` is the number of
    the page or section in which it begins; ``token_count`` is how the embedder counts the text.
    ``windows`` are [start, end] offsets in the text of what is embedded: the whole where NULL.
    """

    __tablename__ = "knowledge_chunks"
    __table_args__ = (UniqueConstraint("id", name="uq_knowledge_chunks_id"),)

    number: Mapped[int] = mapped_column(primary_key=True)  # what models made refers to it
    id: Mapped[UUID]
    document_id: Mapped[UUID] = mapped_column(
        ForeignKey("knowledge_documents.id", ondelete="CASCADE"), index=True
    )
    ordinal: Mapped[int]
    text: Mapped[str]
    context: Mapped[str]
    start_char: Mapped[int]
    end_char: Mapped[int]
    page: Mapped[int | None]
    section: Mapped[int | None]
    heading_path: Mapped[list[str]] = mapped_column(JSON)
    token_count: Mapped[int | None]
    windows: Mapped[list[list[int]] | None] = mapped_column(JSON(none_as_null=True))


class ModelDataRow(Base):
    """What one model has made of one chunk, so that two models' work can stand side by side.

    Of an embedder, the vectors of the chunk's windows: float16, row after row. Of a reranker, what
    it keeps.
    """

    __tablename__ = "knowledge_model_data"

    number: Mapped[int] = mapped_column(
        ForeignKey("knowledge_chunks.number", ondelete="CASCADE"), primary_key=True
    )
    model_id: Mapped[str] = mapped_column(primary_key=True)
    data: Mapped[bytes] = mapped_column(LargeBinary)


class WordCountsRow(Base):
    """How often each word stands in each chunk of a document: packed ``words.WordCounts``."""

    __tablename__ = "knowledge_word_counts"

    document_id: Mapped[UUID] = mapped_column(
        ForeignKey("knowledge_documents.id", ondelete="CASCADE"), primary_key=True
    )
    data: Mapped[bytes] = mapped_column(LargeBinary)


class PageRow(Base):
    """A page, or a section of a format without pages; ``start_char`` is its place in the text."""

    __tablename__ = "knowledge_pages"

    document_id: Mapped[UUID] = mapped_column(
        ForeignKey("knowledge_documents.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True)
    start_char: Mapped[int]
    text: Mapped[str]


class RevisionRow(Base):
    """One row, counted up whenever what can be found changes, so that other processes notice.

    ``embedder_id`` names the model whose vectors are searched; NULL before the first ones.
    """

    __tablename__ = "knowledge_revision"

    id: Mapped[int] = mapped_column(primary_key=True)
    value: Mapped[int] = mapped_column(BigInteger)
    embedder_id: Mapped[str | None]
