"""Faults in the code of a task or a cell, found before long work."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import Array

from fastweights import registry
from fastweights.errors import check, errors_in
from fastweights.runs.specification import RunSpecification
from fastweights.types import Tokens


def check_code(specification: RunSpecification) -> None:
    """Trace the task's sampling and the forward pass of the untrained model: nothing is computed.

    Raises: InvalidValueError, in one line that names the file and the line, if either raises or gives
    arrays of other shapes than it must.
    """
    task, model = specification.task, specification.model
    task_class = type(task)
    with errors_in(f"task {registry.tasks.name_of(task_class)!r}", task_class):
        task.floor()
        arrays = jax.eval_shape(lambda: tuple(task.sample(jax.random.key(0))))
        shapes, expected = tuple(array.shape for array in arrays), ((task.length,), ())
        check(
            shapes == expected, f"{task_class.__name__}.sample must give the shapes {expected}; got {shapes}"
        )
    with errors_in(f"cell {model!r}", registry.cells[model]):
        tokens = jax.ShapeDtypeStruct((2, task.length), jnp.int32)
        eqx.filter_eval_shape(lambda tokens: _forward(specification, tokens), tokens)


def _forward(specification: RunSpecification, tokens: Tokens) -> Array:
    """The logits of the untrained model, after a look at what its cell's step returns."""
    model = specification.build_model()
    result = model.cell.step(model.cell.initial_state(), model.projections(tokens)[0, 0])
    check(
        isinstance(result, tuple)
        and len(result) == 2
        and jnp.shape(result[1]) == (specification.hidden_size,),
        f"step of the cell {specification.model!r} must return the new state and the output (hidden,)",
    )
    return model(tokens)
