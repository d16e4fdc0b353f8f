"""The real server, as clients of OpenAI's chat API and of MCP use it."""

from __future__ import annotations

import httpx
from mcp.client.client import Client
from openai import OpenAI

from tests.fixtures.running import Server

QUESTION = "How do I practise legato?"


def test_an_answer_over_openai_s_protocol_names_the_passages_it_quotes(
    server: Server, library: None
) -> None:
    client = OpenAI(api_key="none is needed", base_url=f"{server.url}/v1")
    stream = client.chat.completions.create(
        model="crescendai-tutor", messages=[{"role": "user", "content": QUESTION}], stream=True
    )
    chunks = list(stream)
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert chunks[-1].model_extra is not None
    cited = chunks[-1].model_extra["crescendai"]["citations"]
    assert cited
    for citation in cited:
        assert f"[{citation['id']}] {citation['author']}: {citation['title']}" in text


async def test_passages_over_mcp_are_the_search_s(server: Server, library: None) -> None:
    asked = {"query": QUESTION, "top_k": 3}
    async with Client(f"{server.url}/mcp") as tools, httpx.AsyncClient() as http:
        answer = await tools.call_tool("search_knowledge_base", asked)
        found = await http.get(f"{server.url}/api/knowledge/search?q={QUESTION}&top_k=3")
    assert not answer.is_error
    assert all(hit["title"] in str(answer.content) for hit in found.json()["results"])
