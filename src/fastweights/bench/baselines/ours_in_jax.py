"""The library without its native kernels: what they are worth."""

import os

from fastweights.bench.baselines import ours
from fastweights.bench.baselines.base import Trainer
from fastweights.bench.cases import Case, Inputs
from fastweights.native.library import SWITCH

MODELS = None


def prepare(case: Case, inputs: Inputs) -> Trainer:
    """The library's own training loop, its cells in JAX."""
    # Read when the first kernel is asked for; this baseline has a process of its own.
    os.environ[SWITCH] = "0"
    return ours.prepare(case, inputs)
