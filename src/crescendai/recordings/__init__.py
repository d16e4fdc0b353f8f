"""Recordings: upload, the life of an analysis, its results, and progress over time."""
