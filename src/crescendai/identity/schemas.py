"""API keys on the wire."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from crescendai.identity.scopes import ALL_SCOPES, Scope

MAX_LIFE_DAYS = 3650
KeyName = Annotated[str, Field(min_length=1, max_length=100)]
LifeDays = Annotated[int, Field(ge=1, le=MAX_LIFE_DAYS)]


class KeyRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: KeyName
    scopes: list[Scope] = Field(
        default=sorted(ALL_SCOPES), min_length=1, description="What the key may do."
    )
    expires_in_days: LifeDays | None = Field(None, description="Without it, until revoked.")


class ApiKey(BaseModel):
    """A key as it can be seen later: all but the key itself. Times are in ms."""

    id: UUID
    name: str
    prefix: str
    scopes: list[Scope]
    created_at: int
    expires_at: int | None
    revoked_at: int | None
    last_used_at: int | None = Field(description="To the minute.")
    state: Literal["active", "expired", "revoked"]


class NewApiKey(ApiKey):
    key: str = Field(description="Shown this once; the server keeps only its hash.")


class ApiKeys(BaseModel):
    items: list[ApiKey]
