"""The agent: what it sees (`observation`), what it remembers with (`memory/`), its weights and policy (`network`)."""
