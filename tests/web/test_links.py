"""The links of the OpenAPI document lead from every id to every address that takes it."""

from __future__ import annotations

import re
from pathlib import Path

from tests.fixtures.in_process import in_process

NO_IDS = {"number", "key"}  # of a page or a part; of an object, in an address that is signed whole


async def test_every_address_that_takes_an_id_is_linked_to(tmp_path: Path) -> None:
    async with in_process(tmp_path / "data") as client:
        paths = (await client.get("/openapi.json")).json()["paths"]
    operations = {
        operation["operationId"]: path
        for path, methods in paths.items()
        for operation in methods.values()
    }
    filled: dict[str, set[str]] = {}
    for methods in paths.values():
        for operation in methods.values():
            for response in operation["responses"].values():
                for link in response.get("links", {}).values():
                    assert link["operationId"] in operations
                    names = {name.removeprefix("path.") for name in link.get("parameters", {})}
                    filled.setdefault(link["operationId"], set()).update(names)
    for operation, path in operations.items():
        wanted = set(re.findall(r"{(\w+)}", path)) - NO_IDS
        assert wanted <= filled.get(operation, set()), path
