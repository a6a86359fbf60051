"""Checks of the chapter docs/theory/optimisation.md: Adam."""
