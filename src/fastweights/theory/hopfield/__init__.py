"""Checks of the chapter docs/theory/hopfield.md: Hopfield's network and the softmax memory."""
