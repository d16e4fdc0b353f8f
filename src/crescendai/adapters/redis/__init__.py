"""A Redis or Valkey server, shared by the cache, the rate limits and the word of changes."""
