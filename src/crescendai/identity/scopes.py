"""What a caller may do: four scopes, and which one each address asks for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, get_args

from crescendai.errors import InvalidInput

Scope = Literal["read", "write", "library", "admin"]
ALL_SCOPES: frozenset[Scope] = frozenset(get_args(Scope))

_READING = frozenset({"GET", "HEAD", "OPTIONS"})


def needed(method: str, path: str) -> Scope:
    """The scope of a request: ``read`` to look, ``write`` to record, talk and ask for advice.

    ``library`` is for changing the documents, ``admin`` for the account: its keys, its data as a
    whole, and what it shows to others. An address that nobody thought of asks for ``read`` or
    ``write`` by its method.
    """
    if path.startswith(("/api/keys", "/api/account", "/api/shares")):
        return "admin"
    if method in _READING or path == "/mcp":  # its tools only look
        return "read"
    return "library" if path.startswith("/api/knowledge") else "write"


def parse(names: Iterable[str]) -> frozenset[Scope]:
    """Scopes by their names. Raises InvalidInput for none at all, or one that does not exist."""
    chosen = frozenset(names)
    unknown = sorted(chosen - ALL_SCOPES)
    if unknown or not chosen:
        wrong = f"{unknown[0]!r} is not a scope" if unknown else "A key needs a scope"
        raise InvalidInput("scope_unknown", f"{wrong}; there are {', '.join(get_args(Scope))}.")
    return frozenset(scope for scope in ALL_SCOPES if scope in chosen)
