"""XML of somebody else's making: no entities, no endless nesting, names without namespaces."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from xml.parsers import expat

from crescendai.adapters.documents.archive import bomb, damaged

_MAX_DEPTH = 500

Start = Callable[[str, Mapping[str, str]], None]
End = Callable[[str], None]
Text = Callable[[str], None]


def read_xml(data: bytes, start: Start, end: End, text: Text) -> None:
    """Tell what comes, in order. Raises InvalidInput for XML that is broken or a trap."""
    depth = 0
    parser = expat.ParserCreate(namespace_separator="}")
    parser.buffer_text = True

    def started(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > _MAX_DEPTH:
            raise bomb()
        start(_local(name), {_local(key): value for key, value in attributes.items()})

    def ended(name: str) -> None:
        nonlocal depth
        depth -= 1
        end(_local(name))

    def refuse(*_: Any) -> None:
        raise bomb()

    parser.StartElementHandler = started
    parser.EndElementHandler = ended
    parser.CharacterDataHandler = text
    parser.EntityDeclHandler = refuse
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise damaged() from error


def _local(name: str) -> str:
    return name.rpartition("}")[2]
