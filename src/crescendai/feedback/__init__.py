"""Structured advice written from one analysis, and its check against the evidence."""
