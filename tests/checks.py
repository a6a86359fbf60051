"""How a claim is broken on purpose: it must hold as it is, and fail with a wrong ingredient."""

from fastweights import registry
from fastweights.theory.runner import examine


def failures(name, **ingredients):
    """What the claim measures out of bounds, with some of its ingredients replaced, by name; a check that
    raises is no answer."""
    verdict = examine(name, registry.checks[name](**ingredients))
    assert verdict.error is None, verdict.error
    assert verdict.quantities
    assert verdict.holds == all(each.holds for each in verdict.quantities)
    return [each.name for each in verdict.quantities if not each.holds]


def holds(name, **ingredients):
    """Whether the claim holds, with some of its ingredients replaced."""
    return not failures(name, **ingredients)
