"""Plain JAX, as one writes it first: sequences as rows, a `lax.scan` over the equation, one jitted update.

The fast weights are the matrix A (batch, R, R) of equation 1; gradients are JAX's own.
"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import optax

from fastweights.bench.baselines.base import LoopedTrainer
from fastweights.bench.cases import TRAINING, Case, Inputs, Weights
from fastweights.runs.worker import use_one_thread

_OPTIMISER = optax.chain(optax.clip_by_global_norm(TRAINING.clip_norm), optax.adam(TRAINING.learning_rate))


def _summed(weights, hidden, x):
    """W h + C x + b."""
    return hidden @ weights["cell.recurrent"].T + x @ weights["cell.input"].T + weights.get("cell.bias", 0)


def _simple_step(activation, weights, hidden, x, _):
    return activation(_summed(weights, hidden, x))


def _lstm_step(weights, state, x, _):
    cell, hidden = state
    input_gate, forget_gate, output_gate, candidate = jnp.split(_summed(weights, hidden, x), 4, axis=1)
    cell = jax.nn.sigmoid(forget_gate) * cell + jax.nn.sigmoid(input_gate) * jnp.tanh(candidate)
    return cell, jax.nn.sigmoid(output_gate) * jnp.tanh(cell)


def _fast_weights_step(weights, state, x, options):
    memory, hidden = state
    memory = options["decay"] * memory + options["write_rate"] * jnp.einsum("bi,bj->bij", hidden, hidden)
    summed = _summed(weights, hidden, x)
    total = summed + jnp.einsum("bij,bj->bi", memory, jax.nn.relu(summed))
    centred = total - total.mean(axis=1, keepdims=True)
    normal = centred * jax.lax.rsqrt(jnp.mean(centred**2, axis=1, keepdims=True) + 1e-5)
    return memory, jax.nn.relu(weights["cell.norms.gains"] * normal + weights["cell.norms.biases"])


_STEPS = {
    "standard-rnn": partial(_simple_step, jnp.tanh),
    "irnn": partial(_simple_step, jax.nn.relu),
    "lstm": _lstm_step,
    "fast-weights": _fast_weights_step,
}
MODELS = tuple(_STEPS)


def _loss(weights, model, options, tokens, targets):
    embedded = weights["embedding.table"].T[tokens.T]
    batch, size, step = len(tokens), weights["cell.recurrent"].shape[1], _STEPS[model]
    zeros = jnp.zeros((batch, size))
    state = {"fast-weights": (jnp.zeros((batch, size, size)), zeros), "lstm": (zeros, zeros)}.get(
        model, zeros
    )
    state, _ = jax.lax.scan(lambda state, x: (step(weights, state, x, options), None), state, embedded)
    hidden = jax.tree.leaves(state)[-1]
    units = jax.nn.relu(hidden @ weights["readout.hidden.0"].T + weights["readout.hidden.1"])
    logits = units @ weights["readout.output.0"].T + weights["readout.output.1"]
    return optax.softmax_cross_entropy_with_integer_labels(logits, targets).mean()


class JaxScan(LoopedTrainer):
    """JAX without the library."""

    def __init__(self, case: Case, inputs: Inputs) -> None:
        use_one_thread()
        super().__init__(case, inputs)
        self._weights = jax.tree.map(jnp.asarray, inputs.weights)
        self._opt_state = _OPTIMISER.init(self._weights)

        @jax.jit
        def update(weights, opt_state, tokens, targets):
            gradients = jax.grad(_loss)(weights, case.model, inputs.options, tokens, targets)
            changes, opt_state = _OPTIMISER.update(gradients, opt_state)
            return optax.apply_updates(weights, changes), opt_state

        self._update = update

    def advance(self, updates: int) -> None:
        super().advance(updates)
        jax.block_until_ready(self._weights)

    def update(self, tokens: np.ndarray, targets: np.ndarray) -> None:
        self._weights, self._opt_state = self._update(self._weights, self._opt_state, tokens, targets)

    def weights(self) -> Weights:
        return jax.tree.map(np.asarray, self._weights)
