"""Faults in the code of a task or a cell, found before long work."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import Array

from fastweights import registry
from fastweights.errors import check, errors_in
from fastweights.runs.specification import RunSpecification
from fastweights.tasks.base import Task, shapes_of


def check_code(specification: RunSpecification) -> None:
    """Trace the task's sampling and the forward pass of the untrained model: nothing is computed.

    Raises: InvalidValueError, in one line that names the file and the line, if either raises or gives
    arrays of other shapes than it must.
    """
    for task in dict.fromkeys((specification.task, specification.task_of("test"))):
        _check_task(specification, task)


def _check_task(specification: RunSpecification, task: Task) -> None:
    model, task_class = specification.model, type(task)
    with errors_in(f"task {registry.tasks.name_of(task_class)!r}", task_class):
        task.floor()
        shapes = shapes_of(task)
    answers = None if shapes.mask is None else jax.ShapeDtypeStruct((task.num_answers,), jnp.int32)
    two = [
        None if array is None else jax.ShapeDtypeStruct((2, *array.shape), array.dtype)
        for array in (shapes.inputs, answers, shapes.lengths)
    ]
    with errors_in(f"cell {model!r}", registry.cells[model]):
        eqx.filter_eval_shape(lambda *arrays: _forward(specification, *arrays), *two)


def _forward(specification: RunSpecification, inputs: Any, positions: Any, lengths: Any) -> Array:
    """The outputs of the untrained model, after a look at what its cells' steps return."""
    model = specification.build_model()
    for block in model.blocks:
        x = jnp.zeros(block.cell.input_size)
        result = block.cell.step(block.cell.initial_state(), block.project(x))
        check(
            isinstance(result, tuple)
            and len(result) == 2
            and jnp.shape(result[1]) == (specification.hidden_size,),
            f"step of the cell {specification.model!r} must return the new state and the output (hidden,)",
        )
    return model(inputs, positions, lengths=lengths)
