"""The server's own secret: from the settings, or made once and kept in the data folder."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

SECRET_BYTES = 32
NAME = "secret.key"


def server_secret(data_dir: Path, given: str | None) -> bytes:
    """The same for every process on a data folder, from its first start on."""
    if given is not None:
        return given.encode()
    path = data_dir / NAME
    if not path.exists():
        fresh = data_dir / f"{NAME}.{os.getpid()}"
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(secrets.token_bytes(SECRET_BYTES))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(fresh, path)  # whoever comes second keeps the first one's
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return path.read_bytes()
