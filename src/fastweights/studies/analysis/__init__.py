"""What the runs of a study say together. Nothing here imports JAX."""
