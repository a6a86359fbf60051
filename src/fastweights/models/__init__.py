"""Models: embedding, recurrent cell, read-out."""
