"""Checks of the chapter docs/theory/attention.md: hard attention, soft attention, and equation 4."""
