"""Checks of the chapter docs/theory/long-term-memory.md: what is kept safely has no gradient."""
