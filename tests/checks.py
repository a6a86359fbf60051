"""A check must hold as it is, and fail with a wrong ingredient."""

from fastweights import registry
from fastweights.theory.runner import examine


def failures(name, **ingredients):
    """The names of the quantities that are out of bounds with some of the check's ingredients replaced; a
    check that raises proves nothing."""
    result = examine(name, registry.checks[name](**ingredients))
    assert result.error is None, result.error
    assert result.quantities
    assert bool(result.panels) == registry.checks[name].has_figure
    assert result.holds == all(quantity.holds for quantity in result.quantities)
    return [quantity.name for quantity in result.quantities if not quantity.holds]


def holds(name, **ingredients):
    """Whether the check holds with some of its ingredients replaced."""
    return not failures(name, **ingredients)
