"""Key-value caches behind cashews: a folder on disk embedded."""
