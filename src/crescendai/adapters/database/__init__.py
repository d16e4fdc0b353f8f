"""Relational databases behind SQLAlchemy: SQLite embedded."""
