"""How fast the library trains, beside ways to train the same models without it."""
