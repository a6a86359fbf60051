"""Which runs verify section 4.1."""
