# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # A cell of one's own
#
# A *cell* is a recurrence: it takes a state and an input, and gives the next state and an output. We write one that the
# library does not have, from its equation, check that it keeps the contract of all cells, and train it.
#
# ## The equation
#
# The task is the one of the [first steps](first-steps.md): in `c9k8j3??k` the answer is what stood behind `k` before.
# Let us take that literally, and build a memory of *successors*: every symbol is stored under the symbol before it. With
# \( v(t) = C x(t) \), a vector for the symbol,
#
# \[ h(t) = M(t-1)\, v(t) , \qquad M(t) = \lambda M(t-1) + v(t)\, v(t-1)^\top . \]
#
# First the memory is asked what followed the present symbol the last time it came; then the present symbol is stored
# under the last one. There is no recurrent weight matrix at all: \( C \) is all that is trained.
#
# ## The cell
#
# It is written for *one* sequence, as the equation stands there; batches, jit and gradients are the library's business.
# `project` is the part of a step that depends on the input alone, and `step` the rest.

# %%
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import matplotlib.pyplot as plt
import numpy as np
from jax import Array

import fastweights as fw
from fastweights import registry


class SuccessorState(NamedTuple):
    last: Array  # v(t−1)
    memory: Array  # M


@fw.register_cell("successor", source="this notebook, 2026")
class Successor(fw.Cell):
    """h(t) = M(t−1) v(t), M(t) = λ M(t−1) + v(t) v(t−1)ᵀ, with v(t) = C x(t)."""

    input: Array
    decay: float = eqx.field(static=True)
    input_size: int = eqx.field(static=True)
    hidden_size: int = eqx.field(static=True)

    def __init__(self, input_size, hidden_size, *, options=None, key):
        self.input = jax.random.normal(key, (hidden_size, input_size)) / jnp.sqrt(input_size)
        self.decay, self.input_size, self.hidden_size = 0.95, input_size, hidden_size

    def initial_state(self):
        nothing = jnp.zeros(self.hidden_size, self.input.dtype)
        return SuccessorState(nothing, jnp.outer(nothing, nothing))

    def project(self, x):
        return x @ self.input.T

    def step(self, state, v):
        found = state.memory @ v
        return SuccessorState(v, self.decay * state.memory + jnp.outer(v, state.last)), found


# %% [markdown]
# ## Does it keep the contract?
#
# What every cell of the library is held to, and what a wrong cell breaks first: the same numbers come out step by step and
# unrolled; a sequence may be cut anywhere, and the state carries on; a batch is its sequences; nothing depends on the
# future; and the gradient is a difference quotient's limit.

# %%
with jax.enable_x64(True):
    cell = Successor(5, 7, key=jax.random.key(0))
    x = jax.random.normal(jax.random.key(1), (3, 11, 5))  # (batch, time, input)
    outputs, state = cell.unroll(x)

    one, by_steps = cell.initial_state(), []
    for vector in x[0]:
        one, output = cell(one, vector)
        by_steps.append(output)
    np.testing.assert_allclose(jnp.stack(by_steps), outputs[0], rtol=1e-12)

    first, middle = cell.unroll(x[:, :4])
    second, end = cell.unroll(x[:, 4:], middle)
    np.testing.assert_allclose(jnp.concatenate([first, second], axis=1), outputs, rtol=1e-12)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-12), end, state)

    np.testing.assert_allclose(cell.unroll(x[1])[0], outputs[1], rtol=1e-12)

    changed = x.at[:, 6:].set(0)
    np.testing.assert_array_equal(cell.unroll(changed)[0][:, :6], outputs[:, :6])

    def loss(cell):
        return jnp.sum(cell.unroll(x)[0] ** 2)

    direction = jax.random.normal(jax.random.key(2), cell.input.shape)
    slope = jnp.vdot(eqx.filter_grad(loss)(cell).input, direction)

    def moved(by):
        return loss(eqx.tree_at(lambda c: c.input, cell, cell.input + by * direction))

    quotient = (moved(1e-5) - moved(-1e-5)) / 2e-5
    np.testing.assert_allclose(slope, quotient, rtol=1e-7)
print("steps, cuts, batches, time and gradients agree")

# %% [markdown]
# In a file of its own the cell is a model everywhere, `fastweights train --plugin successor.py --model successor`, and
# `tests/contracts` of the repository asks more of it ([a cell of your own](../guides/plugins.md)).
#
# ## Train it
#
# The same data, budget and read-out for three cells: ours, an LSTM, and the simple recurrent network with identity
# weights. 300 updates are few.

# %%
task = fw.AssociativeRetrieval(num_pairs=3)
train, validation, test = (
    task.split("train", 30_000),
    task.split("validation", 2_000),
    task.split("test", 5_000),
)
options = fw.TrainingOptions(updates=300, evaluate_every=25, learning_rate=3e-3)
runs = {}
for name in ("irnn", "lstm", "successor"):
    cell = registry.cells[name](48, 48, key=jax.random.key(0))
    sizes = task.num_symbols, task.num_classes
    model = fw.SequenceClassifier(cell, *sizes, key=jax.random.key(1))
    runs[name] = fw.fit(model, train, validation, options=options)
    parameters = sum(leaf.size for leaf in jax.tree.leaves(cell))
    error = fw.evaluate(runs[name].model, test).error
    print(f"{name}: {100 * error:.1f} % wrong, {parameters:,} parameters in the cell")

# %% alt="Validation error against updates, for three cells: only the successor cell falls below guessing"
figure, axes = plt.subplots(figsize=(6, 3.2))
for name, run in runs.items():
    updates = [point.update for point in run.curve]
    axes.plot(updates, [100 * point.validation_error for point in run.curve], label=name)
axes.axhline(100 * task.floor(), color="0.5", linestyle="--", label="guessing")
axes.set(xlabel="updates", ylabel="validation error, %", ylim=(0, 100))
axes.legend(frameon=False)
plt.show()

# %% [markdown]
# The equation does the task, so that there is hardly anything left to learn: vectors that are not too much alike, and a
# read-out that knows a digit's vector.
#
# ## Something surprising
#
# So is training needed? Random vectors in 48 dimensions are nearly orthogonal already. Here is the cell as it was drawn,
# with no update at all: we ask its memory, and take the digit whose own vector is most like the answer.


# %%
def untrained_error(hidden_size):
    cell = Successor(task.num_symbols, hidden_size, key=jax.random.key(0))
    vectors = cell.input.T / jnp.linalg.norm(cell.input, axis=0)[:, None]  # of length 1
    cell = eqx.tree_at(lambda c: c.input, cell, vectors.T)
    # (string, time, unit)
    found, _ = cell.unroll(jax.nn.one_hot(test.inputs[:1000], task.num_symbols))
    digits = vectors[26:36]  # behind the letters
    answers = jnp.argmax(found[:, -1] @ digits.T, axis=1)
    return float(jnp.mean(answers != test.targets[:1000]))


sizes = (8, 16, 32, 64, 128)
for size in sizes:
    print(f"{size:4d} units, never trained: {100 * untrained_error(size):4.1f} % wrong")

# %% [markdown]
# A network that nobody has trained beats the LSTM that was. What it needs is room: more units make random vectors less
# alike, and [crosstalk](../theory/memories.md) falls as \( (N - 1)/R \). An architecture is a hypothesis about the task,
# and this one says all of it. The cells of the library, [fast weights](../theory/fast-weights.md) first, leave it to
# training what is stored under what: they can do more, and have more to learn.
