"""Durable background work behind three words: enqueue, handler, Worker.

``enqueue`` writes a row in the caller's own transaction; a Worker hands each row to the durable
execution engine under the row's id, so that a row is carried out once even when processes die.
"""
