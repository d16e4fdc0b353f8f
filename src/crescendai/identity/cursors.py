"""Cursors of a caller's lists, as they go over the wire: sealed, so that none can be made up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Query, Request

from crescendai.identity.caller import Caller
from crescendai.kit.sealing import Seal


@dataclass(frozen=True)
class Place:
    """Where a page begins. A cursor opens only for the caller and the address it was made for."""

    after: str | None
    seal: Seal
    bound: tuple[str, ...]

    def sealed(self, following: str | None) -> str | None:
        """The cursor to the next page, for the wire."""
        return None if following is None else self.seal.close(following, *self.bound)


async def _place(
    request: Request,
    cursor: Annotated[str | None, Query(description="`next_cursor` of the page before.")] = None,
) -> Place:
    seal: Seal = request.app.state.cursors
    caller: Caller = request.state.caller  # whom the endpoint asked for before
    bound = (str(caller.user_id), request.scope["path"])
    return Place(None if cursor is None else seal.open(cursor, *bound), seal, bound)


ListPlace = Annotated[Place, Depends(_place)]
