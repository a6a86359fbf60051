"""What the search leaves alone, one thing at a time around the setting that it selects."""

from collections.abc import Mapping

from fastweights.papers.ba2016.names import PAPERS_EMBEDDING
from fastweights.papers.ba2016.plan.ablations import PAPERS, normal_embeddings
from fastweights.studies.overrides import Overrides

EMBEDDINGS: Mapping[str, Overrides] = {
    "N(0, 1)": {},
    **normal_embeddings(0.5, 2.0, 4.0),
    PAPERS_EMBEDDING: PAPERS,
}

WEIGHT_DECAYS: Mapping[str, Overrides] = {
    "0": {},
    **{f"{decay:g}": {"training.weight_decay": decay} for decay in (0.01, 0.03, 0.1, 0.3)},
}
"""Against memorising: a network can memorise 100,000 sequences."""


def lower_rates(rate: float) -> Mapping[str, Overrides]:
    """The learning rate that a short search selected, and lower ones, by their share of it.

    A short search prefers rates that are too high for more updates: the short-horizon bias of Wu, Ren, Liao &
    Grosse 2018, arXiv:1803.02021.
    """
    shares = {"1": 1.0, "1/2": 1 / 2, "1/4": 1 / 4, "1/8": 1 / 8}
    return {name: {"training.learning_rate": rate * share} for name, share in shares.items()}
