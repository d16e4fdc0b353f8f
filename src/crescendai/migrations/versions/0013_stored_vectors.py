"""In PostgreSQL the vectors lie one a row, where pgvector finds them.

SQLite's are searched in memory, from the same ``knowledge_model_data``.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from crescendai.knowledge.stored_vectors import rows_of

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

INDEXED_DIMENSIONS = (384, 768)
_TABLE = """
    CREATE TABLE knowledge_vectors (
        number integer NOT NULL,
        model_id varchar NOT NULL,
        window_number integer NOT NULL,
        document_id uuid NOT NULL,
        embedding halfvec NOT NULL,
        CONSTRAINT pk_knowledge_vectors PRIMARY KEY (number, model_id, window_number),
        CONSTRAINT fk_knowledge_vectors_number_knowledge_model_data
            FOREIGN KEY (number, model_id)
            REFERENCES knowledge_model_data (number, model_id) ON DELETE CASCADE
    )
"""
_MADE = sa.text("""
    SELECT m.number, m.model_id, m.data, c.document_id, json_array_length(c.windows) AS windows
    FROM knowledge_model_data m
    JOIN knowledge_chunks c ON c.number = m.number
    JOIN knowledge_revision r ON r.embedder_id = m.model_id
""")
_ADD = sa.text("""
    INSERT INTO knowledge_vectors (number, model_id, window_number, document_id, embedding)
    VALUES (:number, :model_id, :window_number, :document_id, CAST(:embedding AS halfvec))
""")


def upgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name != "postgresql":
        return
    op.execute("CREATE EXTENSION IF NOT EXISTS vector")
    op.execute(_TABLE)
    for made in connection.execute(_MADE).all():
        dimensions = len(made.data) // 2 // (made.windows or 1)
        rows = rows_of(made.number, made.model_id, made.data, dimensions)
        connection.execute(_ADD, [{**row, "document_id": made.document_id} for row in rows])
    op.execute("CREATE INDEX ix_knowledge_vectors_document_id ON knowledge_vectors (document_id)")
    for dimensions in INDEXED_DIMENSIONS:
        op.execute(
            f"CREATE INDEX ix_knowledge_vectors_nearest_{dimensions} ON knowledge_vectors"
            f" USING hnsw ((embedding::halfvec({dimensions})) halfvec_ip_ops)"
            f" WHERE vector_dims(embedding) = {dimensions}"
        )


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TABLE knowledge_vectors")
