"""Vector indexes: signs and cosines in memory embedded, pgvector in PostgreSQL."""
