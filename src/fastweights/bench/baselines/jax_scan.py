"""Plain JAX, as one writes it first: sequences as rows, a `lax.scan` over the equation, one jitted update.

The fast weights are the matrix A (batch, R, R) of equation 1; gradients are JAX's own.
"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import optax

from fastweights.bench.baselines.base import LoopedTrainer, Weights
from fastweights.bench.cases import CLIP_NORM, DECAY, LEARNING_RATE, WRITE_RATE, Case, Material
from fastweights.runs.worker import use_one_thread

_OPTIMISER = optax.chain(optax.clip_by_global_norm(CLIP_NORM), optax.adam(LEARNING_RATE))


def _simple_step(activation, weights, hidden, x):
    return activation(
        hidden @ weights["cell.recurrent"].T + x @ weights["cell.input"].T + weights["cell.bias"]
    )


def _lstm_step(weights, state, x):
    cell, hidden = state
    gates = hidden @ weights["cell.recurrent"].T + x @ weights["cell.input"].T + weights["cell.bias"]
    write, keep, show, candidate = jnp.split(gates, 4, axis=1)
    cell = jax.nn.sigmoid(keep) * cell + jax.nn.sigmoid(write) * jnp.tanh(candidate)
    return cell, jax.nn.sigmoid(show) * jnp.tanh(cell)


def _fast_weights_step(weights, state, x):
    memory, hidden = state
    memory = DECAY * memory + WRITE_RATE * jnp.einsum("bi,bj->bij", hidden, hidden)
    summed = hidden @ weights["cell.recurrent"].T + x @ weights["cell.input"].T
    total = summed + jnp.einsum("bij,bj->bi", memory, jax.nn.relu(summed))
    centred = total - total.mean(axis=1, keepdims=True)
    normal = centred * jax.lax.rsqrt(jnp.mean(centred**2, axis=1, keepdims=True) + 1e-5)
    gain, bias = weights["cell.norms.gains"][0, :, 0], weights["cell.norms.biases"][0, :, 0]
    return memory, jax.nn.relu(gain * normal + bias)


def _last_state(model, weights, embedded):
    batch, size = embedded.shape[1], weights["cell.recurrent"].shape[1]
    zeros = jnp.zeros((batch, size))
    if model == "fast-weights":
        step, state = _fast_weights_step, (jnp.zeros((batch, size, size)), zeros)
    elif model == "lstm":
        step, state = _lstm_step, (zeros, zeros)
    else:
        step, state = partial(_simple_step, jax.nn.relu if model == "irnn" else jnp.tanh), zeros
    state, _ = jax.lax.scan(lambda state, x: (step(weights, state, x), None), state, embedded)
    return jax.tree.leaves(state)[-1]


def _loss(weights, model, inputs, targets):
    embedded = weights["embedding.table"].T[inputs.T]
    hidden = _last_state(model, weights, embedded)
    units = jax.nn.relu(hidden @ weights["readout.hidden.0"].T + weights["readout.hidden.1"])
    logits = units @ weights["readout.output.0"].T + weights["readout.output.1"]
    return optax.softmax_cross_entropy_with_integer_labels(logits, targets).mean()


@partial(jax.jit, static_argnums=2)
def _update(weights, opt_state, model, inputs, targets):
    gradients = jax.grad(_loss)(weights, model, inputs, targets)
    changes, opt_state = _OPTIMISER.update(gradients, opt_state)
    return optax.apply_updates(weights, changes), opt_state


class _JaxScan(LoopedTrainer):
    def __init__(self, case: Case, material: Material) -> None:
        super().__init__(case, material)
        self._model = case.model
        self._weights = jax.tree.map(jnp.asarray, material.weights)
        self._opt_state = _OPTIMISER.init(self._weights)

    def advance(self, updates: int) -> None:
        super().advance(updates)
        jax.block_until_ready(self._weights)

    def update(self, inputs: np.ndarray, targets: np.ndarray) -> None:
        self._weights, self._opt_state = _update(self._weights, self._opt_state, self._model, inputs, targets)

    def weights(self) -> Weights:
        return jax.tree.map(np.asarray, self._weights)


def prepare(case: Case, material: Material) -> LoopedTrainer:
    """JAX without the library."""
    use_one_thread()
    return _JaxScan(case, material)
