"""The tutor: sessions, turns, the streamed answer, its tools and prompts."""
