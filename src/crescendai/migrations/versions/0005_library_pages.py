"""The library's pages and sections, progress by pages, and what was hidden in a document."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("knowledge_documents", sa.Column("pages_total", sa.Integer()))
    op.add_column(
        "knowledge_documents",
        sa.Column("pages_done", sa.Integer(), nullable=False, server_default="0"),
    )
    op.add_column(
        "knowledge_documents",
        sa.Column("hidden_characters", sa.Integer(), nullable=False, server_default="0"),
    )
    op.add_column("knowledge_documents", sa.Column("run_id", sa.Uuid()))
    op.add_column("knowledge_chunks", sa.Column("section", sa.Integer()))
    op.add_column("knowledge_chunks", sa.Column("token_count", sa.Integer()))
    op.create_table(
        "knowledge_pages",
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("start_char", sa.Integer(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("document_id", "number", name="pk_knowledge_pages"),
        sa.ForeignKeyConstraint(
            ["document_id"],
            ["knowledge_documents.id"],
            name="fk_knowledge_pages_document_id_knowledge_documents",
            ondelete="CASCADE",
        ),
    )


def downgrade() -> None:
    op.drop_table("knowledge_pages")
    for name in ("section", "token_count"):
        op.drop_column("knowledge_chunks", name)
    for name in ("pages_total", "pages_done", "hidden_characters", "run_id"):
        op.drop_column("knowledge_documents", name)
