"""Outer-product memories over whole sequences: kernel, chunks, steps."""
