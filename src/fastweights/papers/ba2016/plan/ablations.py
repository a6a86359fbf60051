"""What the paper leaves open, one choice at a time from the defaults."""

from collections.abc import Iterator, Mapping
from itertools import product

from fastweights.papers.ba2016.names import DEFAULTS, PAIRS, PAPERS_EMBEDDING, STEPS
from fastweights.runs.specification import RunSpecification
from fastweights.studies.overrides import Overrides, override


def normal_embeddings(*scales: float) -> Mapping[str, Overrides]:
    """Embeddings drawn from N(0, scale²), by name."""
    return {f"N(0, {scale:g}²)": {"classifier.embedding_scale": scale} for scale in scales}


PAPERS: Overrides = {"classifier.embedding": "expanded", "classifier.embedding_init": "uniform"}
"""The paper's embedding."""

_FOR_ALL: Mapping[str, Mapping[str, Overrides]] = {
    "clipping": {"none": {"training.clip_norm": 0.0}},
    "training sequences": {f"{size:,}": {"data.train": size} for size in (10_000, 1_000_000)},
}

FAST_WEIGHTS: Mapping[str, Mapping[str, Overrides]] = {
    "decay λ": {"0.95": {"cell.decay": 0.95}},
    "LN on h_0": {
        "shared": {"cell.preliminary_norm": "shared"},
        "separate": {"cell.preliminary_norm": "separate"},
    },
    "LN": {"LN[W h + C x] + A h": {"cell.norm": "outside"}, "none": {"cell.norm": "none"}},
    "LN bias": {"0": {"cell.norm_bias": 0.0}, "1": {"cell.norm_bias": 1.0}},
    "A when h(t+1) is computed": {
        "one step late": {"cell.write_time": "late"},
        "h_0(t+1) in it, h(t+1) never": {"cell.write_time": "preliminary"},
    },
    "method": {"2": {"cell.method": 2}},
    STEPS: {str(steps): {"cell.inner_steps": steps} for steps in (0, 3, 10)},
    "LN parameters at S = 3": {"one set a step": {"cell.inner_steps": 3, "cell.norm_sets": "per-step"}},
    "W at the start": {f"{scale:g} · I": {"cell.recurrent_scale": scale} for scale in (0.0, 0.5, 1.0)},
    "C": {f"uniform in ± {scale:g}/√R": {"cell.input_scale": scale} for scale in (0.5, 2.0)},
    "embedding": {
        **normal_embeddings(0.3, 0.5, 2.0),
        "uniform in ± 1/√100": {"classifier.embedding_init": "uniform"},
        "50 to 100, N(0, 1)": {"classifier.embedding": "expanded"},
        PAPERS_EMBEDDING: PAPERS,
        "one-hot": {"classifier.embedding": "one-hot"},
    },
    "read-out": {"none": {"classifier.readout_size": 0}},
    "softmax": {"37 symbols": {"classifier.softmax": "symbols"}},
    "learning rate": {
        f"{rate:g}": {"training.learning_rate": rate} for rate in (1e-4, 5e-4, 1e-3, 2e-3, 4e-3)
    },
    "schedule": {"constant": {"training.schedule": "constant"}},
    "batch": {str(size): {"training.batch_size": size} for size in (32, 512)},
    **_FOR_ALL,
    "digits": {"without replacement": {"task.digits": "without-replacement"}},
    PAIRS: {str(pairs): {"task.num_pairs": pairs} for pairs in (2, 3, 5, 6, 7, 8, 9, 10)},
}
"""For each choice its other values; those of the defaults are not among them."""

BASELINES: Mapping[str, Mapping[str, Mapping[str, Overrides]]] = {
    "irnn": {
        "LN": {"on": {"cell.layer_norm": True}},
        "W at the start": {f"{scale:g} · I": {"cell.recurrent_scale": scale} for scale in (0.25, 1.0)},
        **_FOR_ALL,
    },
    "lstm": {
        "LN": {"on": {"cell.layer_norm": True}},
        "forget bias": {"0": {"cell.forget_bias": 0.0}},
        **_FOR_ALL,
    },
    "associative-lstm": {
        "heads": {"1": {"cell.heads": 1}},
        "copies": {"1": {"cell.copies": 1}, "8": {"cell.copies": 8}},
        "forget bias": {"0": {"cell.forget_bias": 0.0}},
        **_FOR_ALL,
    },
}

DECAYS = (0.5, 0.8, 0.9, 0.95, 1.0)
WRITE_RATES = (0.1, 0.25, 0.5, 1.0, 2.0)


def variants(base: RunSpecification) -> Iterator[tuple[str, str, RunSpecification]]:
    """Choice, value and specification: the base itself, then every other value of each of its model's
    choices."""
    yield DEFAULTS, "", base
    table = FAST_WEIGHTS if base.model == "fast-weights" else BASELINES.get(base.model, {})
    for choice, values in table.items():
        for value, overrides in values.items():
            yield choice, value, override(base, overrides)


def decays_and_write_rates(base: RunSpecification) -> list[RunSpecification]:
    """λ × η, for fast weights."""
    return [
        override(base, {"cell.decay": decay, "cell.write_rate": rate})
        for decay, rate in product(DECAYS, WRITE_RATES)
    ]
