"""Hostile input at every border: what must be refused is, in one line, whatever it is."""
