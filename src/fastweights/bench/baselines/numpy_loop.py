"""Plain NumPy: the update written out, gradients and Adam by hand."""

import numpy as np

from fastweights.bench.baselines.base import LoopedTrainer
from fastweights.bench.baselines.numpy_cells import CELLS, backward, forward
from fastweights.bench.cases import TRAINING, Case, Inputs, Weights

MODELS = tuple(CELLS)

_BETA1, _BETA2, _EPSILON = 0.9, 0.999, 1e-8


class NumpyLoop(LoopedTrainer):
    """NumPy, and nothing else."""

    def __init__(self, case: Case, inputs: Inputs) -> None:
        super().__init__(case, inputs)
        self._step, self._options = CELLS[case.model], inputs.options
        self._weights = {name: array.copy() for name, array in inputs.weights.items()}
        self._first = {name: np.zeros_like(array) for name, array in self._weights.items()}
        self._second = {name: np.zeros_like(array) for name, array in self._weights.items()}
        self._done = 0

    def update(self, tokens: np.ndarray, targets: np.ndarray) -> None:
        self._adam(clipped(self.gradients(tokens.T, targets)))

    def gradients(self, tokens: np.ndarray, targets: np.ndarray) -> Weights:
        """Of the mean cross-entropy, for the tokens (time, batch)."""
        w, columns = self._weights, np.arange(len(targets))
        table = w["cell.input"] @ w["embedding.table"]
        if "cell.bias" in w:
            table += w["cell.bias"][:, None]
        hiddens, backs = forward(self._step, w, self._options, table.T[tokens].swapaxes(1, 2))
        hidden = hiddens[-1]
        units = np.maximum(w["readout.hidden.0"] @ hidden + w["readout.hidden.1"][:, None], 0)
        logits = w["readout.output.0"] @ units + w["readout.output.1"][:, None]

        d_logits = np.exp(logits - logits.max(axis=0))
        d_logits /= d_logits.sum(axis=0)
        d_logits[targets, columns] -= 1
        d_logits /= len(targets)
        d_units = (w["readout.output.0"].T @ d_logits) * (units > 0)
        gradients, d_projections = backward(w, hiddens, backs, w["readout.hidden.0"].T @ d_units)
        # Adding up the projections of each symbol is a product with its indicators.
        indicators = np.eye(w["embedding.table"].shape[1], dtype=d_projections.dtype)[tokens.reshape(-1)]
        d_table = d_projections.swapaxes(0, 1).reshape(len(table), -1) @ indicators
        if "cell.bias" in w:
            gradients["cell.bias"] = d_table.sum(axis=1)
        return gradients | {
            "cell.input": d_table @ w["embedding.table"].T,
            "embedding.table": w["cell.input"].T @ d_table,
            "readout.hidden.0": d_units @ hidden.T,
            "readout.hidden.1": d_units.sum(axis=1),
            "readout.output.0": d_logits @ units.T,
            "readout.output.1": d_logits.sum(axis=1),
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
