"""The schema's history, applied by ``crescendai migrate`` (Alembic)."""
