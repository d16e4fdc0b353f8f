"""Indexes of words: in memory."""
