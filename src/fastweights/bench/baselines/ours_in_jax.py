"""The library without its native kernels: what they are worth."""

import os

from fastweights.bench.baselines import ours
from fastweights.bench.baselines.base import Trainer
from fastweights.bench.cases import Case, Material
from fastweights.native.library import SWITCH


def prepare(case: Case, material: Material) -> Trainer:
    """The library's own training loop, its cells in JAX."""
    # Read when the first kernel is asked for; the process is this contender's own.
    os.environ[SWITCH] = "0"

    return ours.prepare(case, material)
