"""Tables, figures and a page from a study's records. Nothing here trains, and nothing here imports JAX."""
