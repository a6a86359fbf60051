"""Checks of the chapter docs/theory/dynamics.md: recurrent networks as dynamical systems."""
