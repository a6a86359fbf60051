"""Checks of the chapter docs/theory/search.md: what a search for settings can and cannot conclude."""
