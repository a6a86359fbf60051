"""Ways to train the same model, one a file: which there are, and what each can do."""

import importlib
from importlib.util import find_spec
from typing import NamedTuple

from fastweights.bench.baselines.base import Trainer
from fastweights.bench.cases import Case, Inputs
from fastweights.errors import UnknownNameError

OURS = "fastweights"


class Baseline(NamedTuple):
    """A function or class `(case, inputs) -> Trainer` of a module of this package. The module's `MODELS` are
    what it can train; None stands for any registered model, and for several runs side by side too."""

    label: str
    library: str
    module: str
    prepare: str


BASELINES = {
    OURS: Baseline("fastweights", "jax", "ours", "Ours"),
    "fastweights-jax": Baseline("without kernels", "jax", "ours", "prepare_without_kernels"),
    "jax-scan": Baseline("JAX, scan", "jax", "jax_scan", "JaxScan"),
    "numpy": Baseline("NumPy", "numpy", "numpy_loop", "NumpyLoop"),
    "torch-eager": Baseline("PyTorch", "torch", "torch_loop", "prepare_eager"),
    "torch-compile": Baseline("torch.compile", "torch", "torch_loop", "prepare_compiled"),
    "torch-nn": Baseline("torch.nn layer", "torch", "torch_nn", "TorchLayerTrainer"),
}


def get_baseline(name: str) -> Baseline:
    """The baseline of that name. Raises UnknownNameError."""
    if name not in BASELINES:
        raise UnknownNameError(f"unknown baseline {name!r}; expected one of {', '.join(BASELINES)}")
    return BASELINES[name]


def why_not(name: str, case: Case) -> str | None:
    """Why a baseline cannot run a case, in a few words; None if it can."""
    library = get_baseline(name).library
    if find_spec(library) is None:
        return f"{library} is not installed"
    models = _module(name).MODELS
    if models is not None and case.model not in models:
        return f"it has no {case.model}"
    if models is not None and case.runs > 1:
        return "it has no runs side by side"
    return None


def prepare(name: str, case: Case, inputs: Inputs) -> Trainer:
    """The baseline before its first update."""
    return getattr(_module(name), get_baseline(name).prepare)(case, inputs)


def _module(name: str):
    return importlib.import_module(f"{__name__}.{get_baseline(name).module}")
