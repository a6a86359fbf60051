"""Checks of the chapter docs/theory/recurrence.md: the family of fast weights is one recurrence."""
