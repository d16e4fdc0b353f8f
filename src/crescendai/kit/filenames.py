"""Names that people gave to files, made fit to be stored and shown."""

from __future__ import annotations

import re

MAX_BYTES = 240
"""File systems take 255 bytes, and the folder of objects adds some while a file is written."""
_NUMBER_SIGN = re.compile(r"#([0-9]+)$")


def plain_name(filename: str, otherwise: str) -> str:
    """The last part of a path from any system, printable and not too long.

    The folder of objects keeps names that end in ``#1`` and the like for files that are being
    written, so the sign becomes a word there.
    """
    name = filename.replace("\\", "/").rpartition("/")[2]
    name = "".join(character for character in name if character.isprintable()).strip(" .")
    name = _NUMBER_SIGN.sub(r"No. \1", name)
    return name.encode()[-MAX_BYTES:].decode(errors="ignore").strip(" .") or otherwise
