"""The theory, executable: one check a file, each a `Check` that computes what it states and can fail.

The chapters in docs/theory derive the statements in words; `fastweights verify` checks them. What a check's
file needs in any case is here. This package does not import JAX until its checks are imported.
"""

from fastweights.registry import register_check
from fastweights.theory.check import Check, CheckResult, Finding, Quantity
from fastweights.theory.plot import Image, Panel, Series

__all__ = ["Check", "CheckResult", "Finding", "Image", "Panel", "Quantity", "Series", "register_check"]
