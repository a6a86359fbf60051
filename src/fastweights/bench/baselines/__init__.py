"""Ways to train the same model, one a file: which there are, and what each can do."""

import importlib
from collections.abc import Sequence
from importlib.util import find_spec
from typing import NamedTuple

from fastweights.bench.baselines.base import Trainer
from fastweights.bench.cases import Case, Material
from fastweights.errors import UnknownNameError

OURS = "fastweights"
_SIMPLE = ("standard-rnn", "irnn")
_ALL = (*_SIMPLE, "lstm", "fast-weights")


class Contender(NamedTuple):
    """A module of this package with `prepare(case, material) -> Trainer`, and its limits."""

    label: str
    module: str
    library: str
    models: Sequence[str] = _ALL


CONTENDERS = {
    OURS: Contender("fastweights", "ours", "jax"),
    "fastweights-jax": Contender("without kernels", "ours_in_jax", "jax"),
    "jax-scan": Contender("JAX, scan", "jax_scan", "jax"),
    "numpy": Contender("NumPy", "numpy_loop", "numpy"),
    "torch-eager": Contender("PyTorch", "torch_eager", "torch"),
    "torch-compile": Contender("torch.compile", "torch_compile", "torch"),
    "torch-nn": Contender("torch.nn layer", "torch_nn", "torch", (*_SIMPLE, "lstm")),
}


def get_contender(name: str) -> Contender:
    """The contender of that name. Raises UnknownNameError."""
    if name not in CONTENDERS:
        raise UnknownNameError(f"unknown contender {name!r}; expected one of {', '.join(CONTENDERS)}")
    return CONTENDERS[name]


def why_not(name: str, case: Case) -> str | None:
    """Why a contender cannot run a case, in a few words; None if it can."""
    contender = get_contender(name)
    if find_spec(contender.library) is None:
        return f"{contender.library} is not installed"
    if name != OURS and case.model not in contender.models:
        return f"it has no {case.model}"
    if name != OURS and case.runs > 1:
        return "it has no runs side by side"
    return None


def prepare(name: str, case: Case, material: Material) -> Trainer:
    """The contender before its first update."""
    module = importlib.import_module(f"{__name__}.{get_contender(name).module}")
    return module.prepare(case, material)
