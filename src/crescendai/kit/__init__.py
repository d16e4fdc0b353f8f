"""Tiny generic pieces: clock, ids, paging, SSE and multipart encoding. No business words."""
