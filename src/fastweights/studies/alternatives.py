"""What the search leaves alone, one thing at a time around the setting that it selects."""

from collections.abc import Mapping

from fastweights.studies.ablations import PAPERS_EMBEDDING, Changes

EMBEDDINGS: Mapping[str, Changes] = {
    "N(0, 1)": {},
    "N(0, 0.5²)": {"classifier.embedding_scale": 0.5},
    "N(0, 2²)": {"classifier.embedding_scale": 2.0},
    "N(0, 4²)": {"classifier.embedding_scale": 4.0},
    PAPERS_EMBEDDING: {
        "classifier.embedding": "expanded",
        "classifier.embedding_init": "uniform",
    },
}

WEIGHT_DECAYS: Mapping[str, Changes] = {
    "0": {},
    **{f"{decay:g}": {"training.weight_decay": decay} for decay in (0.01, 0.03, 0.1, 0.3)},
}
"""Against memorising: 100,000 sequences are few for a network that can learn them by heart."""
