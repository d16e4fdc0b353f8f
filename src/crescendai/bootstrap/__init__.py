"""Joins everything: settings → adapters → services → the application, or a worker.

Each module here is for one kind of process, which imports no more than it needs.
"""
