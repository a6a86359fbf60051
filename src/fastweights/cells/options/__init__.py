"""What cells can be told: the options of each, in modules that import no JAX, for every form of a cell."""
