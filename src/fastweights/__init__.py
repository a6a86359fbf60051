"""Recurrent networks with fast associative memory.

The public names below are imported on first use, so that programs that only look at results do not
wait for JAX.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fastweights.cells.associative_lstm import AssociativeLSTM as AssociativeLSTM
    from fastweights.cells.base import Cell as Cell
    from fastweights.cells.fast_weights import FastWeights as FastWeights
    from fastweights.cells.irnn import IRNN as IRNN
    from fastweights.cells.lstm import LSTM as LSTM
    from fastweights.cells.standard_rnn import StandardRNN as StandardRNN
    from fastweights.compilation import keep_compiled as keep_compiled
    from fastweights.errors import FastweightsError as FastweightsError
    from fastweights.memories import DecayingMatrix as DecayingMatrix
    from fastweights.memories import DecayingStates as DecayingStates
    from fastweights.models import ClassifierOptions as ClassifierOptions
    from fastweights.models import SequenceClassifier as SequenceClassifier
    from fastweights.models import partition as partition
    from fastweights.registry import register_cell as register_cell
    from fastweights.registry import register_task as register_task
    from fastweights.runs.worker import load_model as load_model
    from fastweights.tasks.associative_retrieval import AssociativeRetrieval as AssociativeRetrieval
    from fastweights.training.evaluation import evaluate as evaluate
    from fastweights.training.loop import fit as fit
    from fastweights.training.loop import init as init
    from fastweights.training.loop import resume as resume
    from fastweights.training.loop import train_batched as train_batched
    from fastweights.training.options import TrainingOptions as TrainingOptions

__version__ = "0.1.0"

_HOMES = {
    "AssociativeLSTM": "cells.associative_lstm",
    "AssociativeRetrieval": "tasks.associative_retrieval",
    "Cell": "cells.base",
    "ClassifierOptions": "models",
    "DecayingMatrix": "memories",
    "DecayingStates": "memories",
    "FastWeights": "cells.fast_weights",
    "FastweightsError": "errors",
    "IRNN": "cells.irnn",
    "LSTM": "cells.lstm",
    "SequenceClassifier": "models",
    "StandardRNN": "cells.standard_rnn",
    "TrainingOptions": "training.options",
    "evaluate": "training.evaluation",
    "fit": "training.loop",
    "keep_compiled": "compilation",
    "partition": "models",
    "load_model": "runs.worker",
    "register_cell": "registry",
    "register_task": "registry",
    "init": "training.loop",
    "resume": "training.loop",
    "train_batched": "training.loop",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'fastweights' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"fastweights.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return ["__version__", *_HOMES]
