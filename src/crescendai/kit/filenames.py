"""Names that people gave to files, made fit to be stored and shown."""

from __future__ import annotations

_MAX_CHARACTERS = 255


def plain_name(filename: str, otherwise: str) -> str:
    """The last part of a path from any system, printable and not too long."""
    name = filename.replace("\\", "/").rpartition("/")[2]
    name = "".join(character for character in name if character.isprintable()).strip(" .")
    return name[-_MAX_CHARACTERS:] or otherwise
