"""The library: documents, chunking, and search (embed, look up, fuse, rerank)."""
