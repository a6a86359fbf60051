"""Runs: the specification of one, and the worker that carries it out."""
