"""Relational databases behind SQLAlchemy: SQLite embedded, PostgreSQL in production."""
