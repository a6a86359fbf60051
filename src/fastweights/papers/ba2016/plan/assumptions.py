"""What the paper's own choices assume without saying so, one assumption changed at a time."""

from collections.abc import Iterator, Mapping

from fastweights.runs.specification import RunSpecification
from fastweights.studies.overrides import Overrides, override

ASSUMPTIONS: Mapping[str, Overrides] = {
    "embedding N(0, 1), not expanded": {
        "classifier.embedding": "direct",
        "classifier.embedding_init": "normal",
    },
    "embedding uniform in ± 1": {"classifier.embedding_scale": 50**0.5},
    "softmax over 37 symbols": {"classifier.softmax": "symbols"},
    "clipping at norm 5": {"training.clip_norm": 5.0},
    "weight decay 0.1": {"training.weight_decay": 0.1},
    "10,000 training sequences": {"data.train": 10_000},
    "1,000,000 training sequences": {"data.train": 1_000_000},
    "IRNN and LSTM with LN": {"cell.layer_norm": True},
    "forget biases of 0": {"cell.forget_bias": 0.0},
    "A-LSTM with one head": {"cell.heads": 1},
    "A-LSTM with the mean of three heads": {"cell.combine_heads": "mean"},
    "fast weights with λ = 0.95": {"cell.decay": 0.95},
    "fast weights with an LN bias of 0.25": {"cell.norm_bias": 0.25},
    "fast weights with LN on h_0": {"cell.preliminary_norm": "shared"},
}
"""By what is assumed: the options that say so. Those of cells are for models that have such an option."""


def assumed(run: RunSpecification) -> Iterator[tuple[str, RunSpecification]]:
    """The run under each assumption that changes its model."""
    for name, overrides in ASSUMPTIONS.items():
        groups = (path.split(".") for path in overrides)
        if all(hasattr(getattr(run, group), option) for group, option in groups):
            yield name, override(run, overrides)
