"""The library: documents, chunks with their vectors, and full text."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _documents()
    _chunks()
    revisions = op.create_table(
        "knowledge_revision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_knowledge_revision"),
    )
    op.bulk_insert(revisions, [{"id": 1, "value": 0}])
    if op.get_bind().dialect.name == "sqlite":
        for statement in _FULL_TEXT_SQLITE:
            op.execute(statement)


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE knowledge_chunks_fts")
    op.drop_table("knowledge_revision")
    op.drop_table("knowledge_chunks")
    op.drop_table("knowledge_documents")


def _documents() -> None:
    op.create_table(
        "knowledge_documents",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("title", sa.String(), nullable=True),
        sa.Column("author", sa.String(), nullable=True),
        sa.Column("type", sa.String(), nullable=True),
        sa.Column("level", sa.String(), nullable=True),
        sa.Column("dimensions", sa.JSON(), nullable=False),
        sa.Column("filename", sa.String(), nullable=False),
        sa.Column("format", sa.String(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("percent", sa.Integer(), nullable=False),
        sa.Column("problem_code", sa.String(), nullable=True),
        sa.Column("problem_reason", sa.String(), nullable=True),
        sa.Column("page_count", sa.Integer(), nullable=True),
        sa.Column("chunk_count", sa.Integer(), nullable=False),
        sa.Column("model_id", sa.String(), nullable=True),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_knowledge_documents"),
        sa.ForeignKeyConstraint(
            ["owner_id"],
            ["users.id"],
            name="fk_knowledge_documents_owner_id_users",
            ondelete="CASCADE",
        ),
        sa.UniqueConstraint("owner_id", "sha256", name="uq_knowledge_documents_owner_id_sha256"),
    )
    op.create_index(
        "uq_knowledge_documents_builtin_filename",
        "knowledge_documents",
        ["filename"],
        unique=True,
        sqlite_where=sa.text("owner_id IS NULL"),
        postgresql_where=sa.text("owner_id IS NULL"),
    )
    op.create_index(
        "ix_knowledge_documents_owner_id_created_at_id",
        "knowledge_documents",
        ["owner_id", "created_at", "id"],
    )


def _chunks() -> None:
    op.create_table(
        "knowledge_chunks",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("context", sa.String(), nullable=False),
        sa.Column("start_char", sa.Integer(), nullable=False),
        sa.Column("end_char", sa.Integer(), nullable=False),
        sa.Column("page", sa.Integer(), nullable=True),
        sa.Column("heading_path", sa.JSON(), nullable=False),
        sa.Column("model_id", sa.String(), nullable=False),
        sa.Column("vectors", sa.LargeBinary(), nullable=False),
        sa.Column("rerank_data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_knowledge_chunks"),
        sa.ForeignKeyConstraint(
            ["document_id"],
            ["knowledge_documents.id"],
            name="fk_knowledge_chunks_document_id_knowledge_documents",
            ondelete="CASCADE",
        ),
        sa.UniqueConstraint("id", name="uq_knowledge_chunks_id"),
    )
    op.create_index("ix_knowledge_chunks_document_id", "knowledge_chunks", ["document_id"])


# The full text lies beside the chunks and refers to them; triggers keep the two the same.
_FULL_TEXT_SQLITE = (
    """
    CREATE VIRTUAL TABLE knowledge_chunks_fts USING fts5(
        text, context, content='knowledge_chunks', content_rowid='number',
        tokenize='porter unicode61 remove_diacritics 2'
    )
    """,
    """
    CREATE TRIGGER knowledge_chunks_added AFTER INSERT ON knowledge_chunks BEGIN
        INSERT INTO knowledge_chunks_fts (rowid, text, context)
        VALUES (new.number, new.text, new.context);
    END
    """,
    """
    CREATE TRIGGER knowledge_chunks_removed AFTER DELETE ON knowledge_chunks BEGIN
        INSERT INTO knowledge_chunks_fts (knowledge_chunks_fts, rowid, text, context)
        VALUES ('delete', old.number, old.text, old.context);
    END
    """,
    """
    CREATE TRIGGER knowledge_chunks_changed AFTER UPDATE OF text, context ON knowledge_chunks BEGIN
        INSERT INTO knowledge_chunks_fts (knowledge_chunks_fts, rowid, text, context)
        VALUES ('delete', old.number, old.text, old.context);
        INSERT INTO knowledge_chunks_fts (rowid, text, context)
        VALUES (new.number, new.text, new.context);
    END
    """,
)
