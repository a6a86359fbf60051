"""False variants of the theory's formulas, for `benchmarks/theory_mutations.py` and the tests."""
