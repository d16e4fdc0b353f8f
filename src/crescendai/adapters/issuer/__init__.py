"""Outside issuers of tokens: their published keys."""
