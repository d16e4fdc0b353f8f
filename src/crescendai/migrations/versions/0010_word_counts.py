"""Words are looked up in memory: each document's counts are kept, and SQLite's full text goes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from crescendai.knowledge.words import ChunkText, WordCounts

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_TRIGGERS = ("knowledge_chunks_added", "knowledge_chunks_removed", "knowledge_chunks_changed")
_READY = sa.text("SELECT id FROM knowledge_documents WHERE status = 'ready'")
_TEXTS = sa.text(
    "SELECT number, text, context FROM knowledge_chunks WHERE document_id = :id ORDER BY number"
)
_FULL_TEXT = """
    CREATE VIRTUAL TABLE knowledge_chunks_fts USING fts5(
        text, context, content='knowledge_chunks', content_rowid='number',
        tokenize='porter unicode61 remove_diacritics 2'
    )
"""
_ADD = """
    INSERT INTO knowledge_chunks_fts (rowid, text, context)
    VALUES (new.number, new.text, new.context);
"""
_REMOVE = """
    INSERT INTO knowledge_chunks_fts (knowledge_chunks_fts, rowid, text, context)
    VALUES ('delete', old.number, old.text, old.context);
"""


def upgrade() -> None:
    counts = op.create_table(
        "knowledge_word_counts",
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("document_id", name="pk_knowledge_word_counts"),
        sa.ForeignKeyConstraint(
            ["document_id"],
            ["knowledge_documents.id"],
            name="fk_knowledge_word_counts_document_id_knowledge_documents",
            ondelete="CASCADE",
        ),
    )
    connection = op.get_bind()
    for (document_id,) in connection.execute(_READY.columns(id=sa.Uuid())).all():
        texts = _TEXTS.bindparams(sa.bindparam("id", document_id, sa.Uuid()))
        chunks = [ChunkText(*row) for row in connection.execute(texts)]
        packed = WordCounts.of(chunks).pack()
        connection.execute(counts.insert().values(document_id=document_id, data=packed))
    if connection.dialect.name == "sqlite":
        for name in _TRIGGERS:
            op.execute(f"DROP TRIGGER {name}")
        op.execute("DROP TABLE knowledge_chunks_fts")


def downgrade() -> None:
    op.drop_table("knowledge_word_counts")
    if op.get_bind().dialect.name == "sqlite":
        op.execute(_FULL_TEXT)
        op.execute("INSERT INTO knowledge_chunks_fts (knowledge_chunks_fts) VALUES ('rebuild')")
        for name, event, statements in zip(
            _TRIGGERS,
            ("INSERT", "DELETE", "UPDATE OF text, context"),
            (_ADD, _REMOVE, _REMOVE + _ADD),
            strict=True,
        ):
            op.execute(
                f"CREATE TRIGGER {name} AFTER {event} ON knowledge_chunks BEGIN {statements} END"
            )
