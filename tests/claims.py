"""How a claim is broken on purpose: it must hold as it is, and fail with a wrong ingredient."""

from fastweights import registry
from fastweights.theory.examination import examine


def holds(name, **ingredients):
    """Whether the claim holds, with some of its ingredients replaced; a check that raises is no answer."""
    verdict = examine(name, registry.claims[name](**ingredients))
    assert verdict.error is None, verdict.error
    assert verdict.quantities
    return verdict.holds
