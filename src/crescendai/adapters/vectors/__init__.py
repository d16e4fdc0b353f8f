"""Vector indexes: exact search in memory embedded."""
