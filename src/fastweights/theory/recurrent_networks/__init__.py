"""Checks of the chapter docs/theory/recurrent-networks.md: what a recurrence shares and can compute."""
