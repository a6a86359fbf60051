"""What the search leaves alone, one thing at a time around the setting that it selects."""

from collections.abc import Mapping

from fastweights.papers.ba2016.plan.ablations import PAPERS, PAPERS_EMBEDDING, Changes, normal_embeddings

EMBEDDINGS: Mapping[str, Changes] = {
    "N(0, 1)": {},
    **normal_embeddings(0.5, 2.0, 4.0),
    PAPERS_EMBEDDING: PAPERS,
}

WEIGHT_DECAYS: Mapping[str, Changes] = {
    "0": {},
    **{f"{decay:g}": {"training.weight_decay": decay} for decay in (0.01, 0.03, 0.1, 0.3)},
}
"""Against memorising: 100,000 sequences are few for a network that can learn them by heart."""


def lower_rates(rate: float) -> Mapping[str, Changes]:
    """The learning rate that a short search selected, and lower ones, by their share of it.

    A short search prefers rates that are too high for more updates: the short-horizon bias of Wu, Ren, Liao &
    Grosse 2018, arXiv:1803.02021.
    """
    shares = {"1": 1.0, "1/2": 1 / 2, "1/4": 1 / 4, "1/8": 1 / 8}
    return {name: {"training.learning_rate": rate * share} for name, share in shares.items()}
