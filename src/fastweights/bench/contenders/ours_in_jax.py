"""The library without its native kernels: what they are worth."""

import os

from fastweights.bench.cases import Case, Material
from fastweights.bench.contenders.base import Trainer


def prepare(case: Case, material: Material) -> Trainer:
    """The library's own training loop, its cells in JAX."""
    # Read when the first kernel is asked for; the process is this contender's own.
    os.environ["FASTWEIGHTS_NATIVE"] = "0"
    from fastweights.bench.contenders import ours

    return ours.prepare(case, material)
