"""The estimate of a run's memory, against what the compiled gradient takes."""

import equinox as eqx
import jax
import jax.numpy as jnp
import pytest

from cases import LAST_OF_EACH, Case
from fastweights import registry
from fastweights.runs.footprint import estimate
from fastweights.runs.specification import RunSpecification
from fastweights.tasks.adding import Adding
from fastweights.tasks.associative_retrieval import AssociativeRetrieval
from fastweights.training.options import TrainingOptions

BATCH = 16


@pytest.mark.thorough
@pytest.mark.parametrize("task", [AssociativeRetrieval(8), Adding(length=400)], ids=["T=19", "T=400"])
@pytest.mark.parametrize("case", [*LAST_OF_EACH, Case("softmax-attention")], ids=str)
def test_no_cell_takes_more_than_the_estimate(case, task, optimised):
    """At two sizes: the smaller one has more of what does not grow with the square."""
    options = registry.cells[case.name].Options(**dict(case.options))
    for units in (20, 60):
        specification = RunSpecification(
            task,
            case.name,
            units * getattr(options, "heads", 1),
            options,
            training=TrainingOptions(batch_size=BATCH),
        )
        weights, static = eqx.partition(specification.build_model(), eqx.is_inexact_array)
        inputs = jax.vmap(task.sample)(jax.random.split(jax.random.key(0), BATCH)).inputs

        def number(weights, inputs, static=static):
            return jnp.sum(eqx.combine(weights, static)(inputs) ** 2)

        program = jax.jit(jax.grad(number)).lower(weights, inputs).compile()
        estimated = estimate(specification)
        assert program.memory_analysis().temp_size_in_bytes <= estimated["activations"]
        copies, number_size = 20, 4
        numbers = sum(leaf.size for leaf in jax.tree.leaves(weights))
        assert copies * number_size * numbers <= estimated["weights"]
