"""The library without its native kernels: what they are worth."""

import os

from fastweights.bench.cases import Case, Material
from fastweights.bench.contenders import ours
from fastweights.bench.contenders.base import Trainer
from fastweights.native.library import SWITCH


def prepare(case: Case, material: Material) -> Trainer:
    """The library's own training loop, its cells in JAX."""
    # Read when the first kernel is asked for; the process is this contender's own.
    os.environ[SWITCH] = "0"

    return ours.prepare(case, material)
