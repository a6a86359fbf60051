"""A chunk of a run: many updates in one compiled call, then an evaluation; one run, or several side by
side."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import Array, lax
from jaxtyping import Float, Int

from fastweights.training.datasets import Sequences
from fastweights.training.evaluation import in_blocks, scores_of, scores_of_batched
from fastweights.training.options import TrainingOptions
from fastweights.training.state import TrainingState, stack, unstack
from fastweights.training.step import Hyperparameters, optimiser, update

Rule = optax.GradientTransformation


def _advance(
    state: TrainingState,
    hyperparameters: Hyperparameters,
    key: Array,
    data: Sequences,
    updates: Int[Array, ""],
    static: tuple[int, int, str, float],
    rule: Rule | None,
) -> tuple[TrainingState, Float[Array, " max_updates"]]:
    """`updates` more updates, and their losses in the first places of an array.

    Mini-batches are drawn with replacement from a key made of the run's key and the update's number:
    a resumed run draws what it would have drawn.
    """
    max_updates, batch_size, schedule, weight_decay = static
    rule = rule or optimiser(hyperparameters, schedule, weight_decay, state.model)

    @jax.vmap
    def draw(number):
        return jax.random.randint(jax.random.fold_in(key, number), (batch_size,), 0, len(data.targets))

    # All at once: half the cost of drawing one mini-batch after the other.
    batches = draw(state.done + jnp.arange(max_updates))

    def one_update(i, carry):
        state, losses = carry
        batch = jax.tree.map(lambda array: array[batches[i]], data)
        model, opt_state, value = update(state.model, state.opt_state, batch, rule)
        return TrainingState(model, opt_state, state.done + 1), losses.at[i].set(value)

    # The loop carries arrays only; what is static in the model goes around it.
    arrays, rest = eqx.partition(state, eqx.is_array)

    def body(i, carry):
        state, losses = one_update(i, (eqx.combine(carry[0], rest), carry[1]))
        return eqx.filter(state, eqx.is_array), losses

    arrays, losses = lax.fori_loop(0, updates, body, (arrays, jnp.zeros(max_updates)))
    return eqx.combine(arrays, rest), losses


_advance_one = eqx.filter_jit(_advance)


@eqx.filter_jit
def _advance_batched(states, hyperparameters, keys, data, updates, static, rule):
    axes = (eqx.if_array(0), 0, 0, None, None, None, None)
    return eqx.filter_vmap(_advance, in_axes=axes)(states, hyperparameters, keys, data, updates, static, rule)


def static_options(options: TrainingOptions) -> tuple[int, int, str, float]:
    """What is compiled into the program, and so must be equal in runs side by side."""
    max_updates = min(options.evaluate_every, options.updates)
    return max_updates, options.batch_size, options.schedule, options.weight_decay


def advance(
    state: TrainingState,
    hyperparameters: Hyperparameters,
    key: Array,
    data: Sequences,
    updates: Int[Array, ""],
    options: TrainingOptions,
    rule: Rule | None = None,
) -> tuple[TrainingState, Float[Array, " max_updates"]]:
    """At most `options.evaluate_every` more updates in one compiled call: the state after them, and
    the loss before each of them in the first places of an array.

    `data` and `updates` are arrays on the device, and are not checked; one compilation serves all runs of
    a shape.
    """
    return _advance_one(state, hyperparameters, key, data, updates, static_options(options), rule)


def chunk_alone(runs, data, validation, updates, options, rule):
    """The state after more updates, their losses, and the scores on validation, of one run.

    Not `chunk_batched` for one: models side by side are a loop around the kernels, which one need not pay.
    """
    ((state, hyperparameters, key),) = runs
    state, losses = advance(state, hyperparameters, key, data, updates, options, rule)
    return [state], [np.asarray(losses)], [in_blocks(scores_of, state.model, validation)]


def chunk_batched(runs, data, validation, updates, options, rule):
    """The same of several runs, also of those that won't use it: one program serves to the end, whoever has
    ended or is behind, and what it makes of a run doesn't depend on the others' places."""
    states, hyperparameters, keys = stack(runs)
    states, losses = _advance_batched(
        states, hyperparameters, keys, data, updates, static_options(options), rule
    )
    scores = in_blocks(scores_of_batched, states.model, validation, axis=1)
    each = [jax.tree.map(lambda array, i=i: array[i], scores) for i in range(len(runs))]
    return unstack(states, len(runs)), np.asarray(losses), each
