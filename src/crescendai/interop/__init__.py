"""Front doors for programs that speak other protocols: OpenAI's chat API, and MCP."""
