"""Checks of the chapter docs/theory/gradients.md: gradients through time."""
