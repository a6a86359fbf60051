"""Checks of the chapter docs/theory/lstm.md: how long gates keep, and what a state can hold."""
