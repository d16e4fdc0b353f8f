"""Whoever makes a request."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from crescendai.errors import NotAllowed
from crescendai.identity.scopes import ALL_SCOPES, Scope


@dataclass(frozen=True)
class Caller:
    """Everything callers make carries ``user_id`` and is theirs alone.

    Two callers are the same when the user is, whatever key each came with.
    """

    user_id: UUID
    scopes: frozenset[Scope] = field(default=ALL_SCOPES, compare=False)

    def require(self, scope: Scope) -> None:
        """Raises NotAllowed without that scope."""
        if scope not in self.scopes:
            raise NotAllowed("scope_missing", f"This API key lacks the scope {scope!r}.")
