"""The record of a study: what is planned, what happened, what came out. Nothing here imports JAX."""
