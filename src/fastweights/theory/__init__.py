"""The theory, executable: one claim a file, each a `Check` that computes what it says and can fail.

The chapters in docs/theory derive the claims in words; `fastweights verify` checks them.
"""
