"""The error family. Every error is a sentence for the person who must act.

    CrescendError
    ├── InvalidInput          what was sent cannot be used
    │   └── SchemaError       a named field is wrong
    ├── NotAuthenticated      no valid credentials
    ├── NotAllowed            the caller may not do this
    ├── NotFound              no such thing (or somebody else's)
    ├── Conflict              the thing's state forbids it now
    ├── QuotaSpent            the caller has used up what is theirs for now
    ├── Outdated              the thing has changed since it was read
    ├── TooLarge              more bytes than accepted
    ├── UnsupportedFormat     not one of the accepted formats
    ├── UpstreamFailed        an outside AI service failed
    ├── Unavailable           a part of the server is down
    └── StorageFull           there is no room to store it

``kind`` says what sort of trouble it is (``web/`` maps it to an HTTP status), ``code`` is stable
and machine-readable, the message is the sentence.
"""

from __future__ import annotations

from typing import ClassVar


class CrescendError(Exception):
    """An error with a kind, a stable code and a sentence."""

    kind: ClassVar[str] = "internal"
    title: ClassVar[str] = "Something went wrong on the server"

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class InvalidInput(CrescendError):
    kind = "invalid"
    title = "The input cannot be used"


class SchemaError(InvalidInput):
    """``field`` is the path of the offending field, such as ``body.message``."""

    kind = "schema"
    title = "A field is missing or wrong"

    def __init__(self, code: str, message: str, field: str) -> None:
        super().__init__(code, message)
        self.field = field


class NotAuthenticated(CrescendError):
    kind = "unauthenticated"
    title = "Credentials are missing or not valid"


class NotAllowed(CrescendError):
    kind = "forbidden"
    title = "This is not allowed"


class NotFound(CrescendError):
    kind = "not_found"
    title = "There is no such thing"


class Conflict(CrescendError):
    kind = "conflict"
    title = "This cannot be done now"


class QuotaSpent(CrescendError):
    """``wait_sec`` is when it may be worth trying again."""

    kind = "rate_limited"
    title = "A quota is used up"

    def __init__(self, code: str, message: str, wait_sec: int = 60) -> None:
        super().__init__(code, message)
        self.wait_sec = wait_sec


class Outdated(CrescendError):
    kind = "outdated"
    title = "It has changed meanwhile"


class TooLarge(CrescendError):
    kind = "too_large"
    title = "Too large"


class UnsupportedFormat(CrescendError):
    kind = "unsupported"
    title = "Not an accepted format"


class UpstreamFailed(CrescendError):
    kind = "upstream"
    title = "AI service unavailable"


class Unavailable(CrescendError):
    kind = "unavailable"
    title = "A part of the server is down"


class StorageFull(CrescendError):
    kind = "storage_full"
    title = "There is no room left"
