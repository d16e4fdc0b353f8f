"""Answers kept for requests that may come twice: the Idempotency-Key of a write."""
