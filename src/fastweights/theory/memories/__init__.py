"""Checks of the chapter docs/theory/memories.md: linear memories."""
