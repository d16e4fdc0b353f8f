"""The web app's types are those of the OpenAPI document."""

from __future__ import annotations

from tools.api_types import OUT, openapi, render


def test_the_generated_types_are_fresh() -> None:
    assert OUT.read_text() == render(openapi()), "Run `python -m tools.api_types`."


def test_a_changed_answer_is_noticed() -> None:
    document = openapi()
    document["components"]["schemas"]["Recording"]["properties"]["mood"] = {"type": "string"}
    assert "mood?: string;" in render(document)
