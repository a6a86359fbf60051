"""What the search leaves alone, one thing at a time around the setting that it selects."""

from collections.abc import Mapping

from fastweights.studies.ablations import PAPERS, PAPERS_EMBEDDING, Changes, normal_embeddings

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
