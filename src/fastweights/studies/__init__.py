"""Studies: what to run, where it is recorded, and who runs it."""
