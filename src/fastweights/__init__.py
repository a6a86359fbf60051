"""Recurrent networks with fast associative memory."""

__version__ = "0.1.0"
