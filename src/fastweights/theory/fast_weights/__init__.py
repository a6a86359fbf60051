"""Checks of the chapter docs/theory/fast-weights.md: fast weights."""
