"""Reads documents in child processes: PDF, EPUB, DOCX, HTML, Markdown and plain text."""
