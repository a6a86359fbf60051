"""Fast weight programmers: cells whose slow weights write into outer-product memories and read from them."""
