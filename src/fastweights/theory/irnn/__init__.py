"""Checks of the chapter docs/theory/irnn.md: how W starts in networks of rectified linear units."""
