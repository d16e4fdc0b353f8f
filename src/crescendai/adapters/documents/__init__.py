"""Reads documents in child processes: PDF, Markdown and plain text."""
