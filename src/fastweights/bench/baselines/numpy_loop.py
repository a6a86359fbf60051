"""Plain NumPy: the update written out, gradients and Adam by hand."""

import numpy as np

from fastweights.bench.baselines.base import LoopedTrainer
from fastweights.bench.baselines.numpy_cells import CELLS
from fastweights.bench.cases import TRAINING, Case, Inputs, Weights

MODELS = tuple(CELLS)

_BETA1, _BETA2, _EPSILON = 0.9, 0.999, 1e-8


class NumpyLoop(LoopedTrainer):
    """NumPy, and nothing else."""

    def __init__(self, case: Case, inputs: Inputs) -> None:
        super().__init__(case, inputs)
        self._cell = CELLS[case.model](inputs.options)
        self._weights = {name: array.copy() for name, array in inputs.weights.items()}
        self._first = {name: np.zeros_like(array) for name, array in self._weights.items()}
        self._second = {name: np.zeros_like(array) for name, array in self._weights.items()}
        self._done = 0

    def update(self, tokens: np.ndarray, targets: np.ndarray) -> None:
        self._adam(clipped(self.gradients(tokens, targets)))

    def gradients(self, tokens: np.ndarray, targets: np.ndarray) -> Weights:
        """Of the mean cross-entropy, for the tokens (batch, time)."""
        w, tokens = self._weights, tokens.T
        table = w["embedding.table"].T @ w["cell.input"].T + w.get("cell.bias", np.float32(0))
        hidden, tape = self._cell.forward(w, table[tokens])
        units = np.maximum(hidden @ w["readout.hidden.0"].T + w["readout.hidden.1"], 0)
        logits = units @ w["readout.output.0"].T + w["readout.output.1"]

        d_logits = np.exp(logits - logits.max(axis=1, keepdims=True))
        d_logits /= d_logits.sum(axis=1, keepdims=True)
        d_logits[np.arange(len(targets)), targets] -= 1
        d_logits /= len(targets)
        d_units = (d_logits @ w["readout.output.0"]) * (units > 0)
        gradients, d_projections = self._cell.backward(w, tape, d_units @ w["readout.hidden.0"])
        # Adding up the projections of each symbol is a product with its indicators.
        indicators = np.eye(len(table), dtype=d_projections.dtype)[tokens.reshape(-1)]
        d_table = indicators.T @ d_projections.reshape(len(indicators), -1)
        if "cell.bias" in w:
            gradients["cell.bias"] = d_table.sum(axis=0)
        return gradients | {
            "cell.input": d_table.T @ w["embedding.table"].T,
            "embedding.table": w["cell.input"].T @ d_table.T,
            "readout.hidden.0": d_units.T @ hidden,
            "readout.hidden.1": d_units.sum(axis=0),
            "readout.output.0": d_logits.T @ units,
            "readout.output.1": d_logits.sum(axis=0),
        }

    def weights(self) -> Weights:
        return {name: array.copy() for name, array in self._weights.items()}

    def _adam(self, gradients: Weights) -> None:
        """In place (Kingma & Ba 2014)."""
        self._done += 1
        first, second = 1 - _BETA1**self._done, 1 - _BETA2**self._done
        for name, gradient in gradients.items():
            self._first[name] += (1 - _BETA1) * (gradient - self._first[name])
            self._second[name] += (1 - _BETA2) * (gradient * gradient - self._second[name])
            root = np.sqrt(self._second[name] / second) + _EPSILON
            self._weights[name] -= TRAINING.learning_rate / first * self._first[name] / root


def clipped(gradients: Weights) -> Weights:
    """Scaled down to the global norm that is allowed."""
    norm = np.sqrt(sum(float(np.vdot(gradient, gradient)) for gradient in gradients.values()))
    factor = np.float32(min(1, TRAINING.clip_norm / max(norm, 1e-30)))
    return {name: gradient * factor for name, gradient in gradients.items()}
