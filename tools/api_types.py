"""Writes the web app's types from the OpenAPI document: ``python -m tools.api_types``.

``tests/architecture/test_api_types.py`` fails when the file is no longer what this would write.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from crescendai.bootstrap.web import build_app
from crescendai.settings import read_settings
from tools.node import WEB

OUT = WEB / "src" / "lib" / "api" / "schema.ts"
HEAD = """// Written by `python -m tools.api_types` from the server's OpenAPI document. Do not edit.
"""
_PRIMITIVES = {
    "string": "string",
    "integer": "number",
    "number": "number",
    "boolean": "boolean",
    "null": "null",
}


def openapi() -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        return build_app(read_settings(data_dir=Path(folder), workers=0)).openapi()


def render(document: dict[str, Any]) -> str:
    schemas = document["components"]["schemas"]
    parts = [HEAD]
    parts += [f"export type {_name(name)} = {_type(schemas[name])};" for name in sorted(schemas)]
    lines = []
    for path, methods in sorted(document["paths"].items()):
        for method, operation in sorted(methods.items()):
            lines.append(f"\t{json.dumps(f'{method.upper()} {path}')}: {_answer(operation)};")
    what = "/** What each address answers when it succeeds. */"
    parts.append("\n".join([what, "export interface Answers {", *lines, "}"]))
    return "\n\n".join(parts) + "\n"


def _name(name: str) -> str:
    """Two slices may have a schema of one name: then the last two parts of its path tell them."""
    parts = name.replace("-", "").split("__")
    return parts[-1] if len(parts) == 1 else f"{parts[1].capitalize()}{parts[-1]}"


def _answer(operation: dict[str, Any]) -> str:
    for status, response in sorted(operation["responses"].items()):
        if status.startswith("2"):
            content = response.get("content", {}).get("application/json")
            return _type(content["schema"], 1) if content and content.get("schema") else "unknown"
    return "unknown"


def _type(schema: dict[str, Any], depth: int = 0) -> str:
    if "$ref" in schema:
        return _name(schema["$ref"].rpartition("/")[2])
    if "const" in schema:
        return json.dumps(schema["const"])
    if "enum" in schema:
        return " | ".join(json.dumps(value) for value in schema["enum"])
    for several in ("anyOf", "oneOf"):
        if several in schema:
            return " | ".join(dict.fromkeys(_type(one, depth) for one in schema[several]))
    if schema.get("type") == "array":
        return _array(schema, depth)
    if schema.get("type") == "object" or "properties" in schema:
        return _object(schema, depth)
    return _PRIMITIVES.get(schema.get("type", ""), "unknown")


def _array(schema: dict[str, Any], depth: int) -> str:
    if "prefixItems" in schema:
        return "[" + ", ".join(_type(item, depth) for item in schema["prefixItems"]) + "]"
    item = _type(schema.get("items", {}), depth)
    return f"({item})[]" if "|" in item else f"{item}[]"


def _object(schema: dict[str, Any], depth: int) -> str:
    if "properties" not in schema:
        values = schema.get("additionalProperties")
        return f"Record<string, {_type(values, depth) if isinstance(values, dict) else 'unknown'}>"
    indent = "\t" * (depth + 1)
    required = set(schema.get("required", ()))
    lines = [
        f"{indent}{name}{'' if name in required else '?'}: {_type(value, depth + 1)};"
        for name, value in schema["properties"].items()
    ]
    return "\n".join(["{", *lines, "\t" * depth + "}"])


if __name__ == "__main__":
    OUT.write_text(render(openapi()))
