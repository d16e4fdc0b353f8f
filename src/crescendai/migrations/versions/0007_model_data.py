"""What models made of chunks lies beside them: a new model embeds while the old one serves."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "knowledge_model_data",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("model_id", sa.String(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("number", "model_id", name="pk_knowledge_model_data"),
        sa.ForeignKeyConstraint(
            ["number"],
            ["knowledge_chunks.number"],
            name="fk_knowledge_model_data_number_knowledge_chunks",
            ondelete="CASCADE",
        ),
    )
    op.add_column("knowledge_revision", sa.Column("embedder_id", sa.String()))
    op.add_column("knowledge_chunks", sa.Column("windows", sa.JSON()))
    _move_data(op.get_bind().dialect.name)
    for name in ("model_id", "vectors", "rerank_data"):
        op.execute(f"ALTER TABLE knowledge_chunks DROP COLUMN {name}")


def _move_data(engine: str) -> None:
    """A chunk's ``model_id`` was that of its embedder, a plus, and that of its reranker."""
    plus = "instr(model_id, '+')" if engine == "sqlite" else "strpos(model_id, '+')"
    op.execute(
        f"""
        INSERT INTO knowledge_model_data (number, model_id, data)
        SELECT number, substr(model_id, 1, {plus} - 1), vectors FROM knowledge_chunks
        UNION ALL
        SELECT number, substr(model_id, {plus} + 1), rerank_data FROM knowledge_chunks
        ORDER BY 1
        """  # noqa: S608 - the engine's own word for a place in a text
    )
    op.execute(
        f"""
        UPDATE knowledge_revision SET embedder_id = (
            SELECT substr(model_id, 1, {plus} - 1) FROM knowledge_documents
            WHERE status = 'ready' GROUP BY 1 ORDER BY count(*) DESC LIMIT 1)
        """  # noqa: S608
    )


def downgrade() -> None:
    """The library is emptied: its documents are to be retried."""
    op.execute("DELETE FROM knowledge_chunks")
    op.execute("UPDATE knowledge_documents SET status = 'cancelled', stage = 'cancelled'")
    op.drop_table("knowledge_model_data")
    op.execute("ALTER TABLE knowledge_revision DROP COLUMN embedder_id")
    op.execute("ALTER TABLE knowledge_chunks DROP COLUMN windows")
    op.add_column(
        "knowledge_chunks", sa.Column("model_id", sa.String(), nullable=False, server_default="")
    )
    for name in ("vectors", "rerank_data"):
        op.add_column(
            "knowledge_chunks",
            sa.Column(name, sa.LargeBinary(), nullable=False, server_default=sa.text("''")),
        )
