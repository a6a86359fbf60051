"""Sizes at which models have equally many parameters, or an equally large state."""

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

import equinox as eqx
import jax

from fastweights.errors import InvalidValueError
from fastweights.models import count_state, partition
from fastweights.runs.specification import RunSpecification

Measure = Callable[[RunSpecification], int]


@lru_cache(maxsize=1024)
def num_parameters(specification: RunSpecification) -> int:
    """The trained numbers of the whole model, without building it."""
    shapes = eqx.filter_eval_shape(lambda: partition(specification.build_model())[0])
    return sum(leaf.size for leaf in jax.tree.leaves(shapes))


@lru_cache(maxsize=1024)
def state_size(specification: RunSpecification) -> int:
    """`count_state` of its cell, without building it."""
    return count_state(eqx.filter_eval_shape(specification.build_model).cell)


def largest(base: RunSpecification, measure: Measure, budget: int) -> RunSpecification | None:
    """The largest of the model's sizes whose measure is within the budget; None if two units are too many.

    The measure must grow with the size. Some cells have no odd sizes: those are tried last.
    """

    def fits(half: int) -> bool:
        return measure(replace(base, hidden_size=2 * half)) <= budget

    lowest, highest = 0, 1
    while fits(highest):
        lowest, highest = highest, 2 * highest
    while highest - lowest > 1:
        middle = (lowest + highest) // 2
        lowest, highest = (middle, highest) if fits(middle) else (lowest, middle)
    if lowest == 0:
        return None
    try:
        odd = replace(base, hidden_size=2 * lowest + 1)
        if measure(odd) <= budget:
            return odd
    except InvalidValueError:
        pass
    return replace(base, hidden_size=2 * lowest)
