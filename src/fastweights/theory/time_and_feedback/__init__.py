"""Checks of the chapter docs/theory/time-and-feedback.md: delay lines, local and global feedback."""
