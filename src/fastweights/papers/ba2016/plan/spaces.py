"""What the search of each model varies: as many settings for one as for another."""

from collections.abc import Mapping, Sequence
from random import Random

from fastweights.runs.specification import RunSpecification
from fastweights.studies.overrides import Overrides, override
from fastweights.studies.search import Dimension

LEARNING_RATE = Dimension(
    "training.learning_rate", (5e-4, 1e-3, 2e-3, 4e-3, 8e-3), interval=True, logarithmic=True
)

# Four values of what decides how well a model starts to remember: with the rates, twenty settings.
_OWN = {
    "irnn": [Dimension("cell.recurrent_scale", (0.25, 0.5, 0.75, 1.0), interval=True)],
    "lstm": [Dimension("cell.forget_bias", (0.0, 1.0, 2.0, 3.0), interval=True)],
    "associative-lstm": [Dimension("cell.forget_bias", (0.0, 1.0, 2.0, 3.0), interval=True)],
    "fast-weights": [
        Dimension("cell.decay", (0.9, 0.95), interval=True),
        Dimension("cell.write_rate", (0.25, 0.5), interval=True),
    ],
}

RATE = "training.learning_rate"
RATES = (1e-4, 2.5e-4, 5e-4, 1e-3, 2e-3, 4e-3, 8e-3)
WEIGHT_DECAY = "training.weight_decay"
DECAYS = (0.0, 0.01, 0.03, 0.1, 0.3)
_DRAWS = 5

Values = Sequence[float | bool]
_FOR_ALL: Mapping[str, Values] = {
    "classifier.embedding_scale": (0.25, 0.5, 1.0, 2.0),
    WEIGHT_DECAY: DECAYS,
}
_FORGET_BIASES = (-1.0, 0.0, 1.0, 2.0, 3.0, 5.0)
_JOINT: Mapping[str, Mapping[str, Values]] = {
    "irnn": {"cell.recurrent_scale": (0.25, 0.5, 0.75, 1.0, 1.1), "cell.layer_norm": (False, True)},
    "lstm": {"cell.forget_bias": _FORGET_BIASES, "cell.layer_norm": (False, True)},
    "associative-lstm": {"cell.forget_bias": _FORGET_BIASES},
    "fast-weights": {"cell.decay": (0.8, 0.9, 0.95, 0.98), "cell.write_rate": (0.125, 0.25, 0.5, 1.0)},
}

# Nothing is beyond this edge.
_BOUNDS = {(WEIGHT_DECAY, 0.0)}


def space(model: str) -> list[Dimension]:
    """The grid that is tried first; for a model that is not of the paper's the learning rate alone."""
    return [LEARNING_RATE, *_OWN.get(model, ())]


def joint_settings(model: str) -> list[Overrides]:
    """Settings in which all options vary together, as many at each rate: the others are drawn at random,
    which tells more of each of them than a grid of as many settings (Bergstra & Bengio 2012, JMLR 13).
    """
    options = _options(model)
    random = Random(f"the search of {model}")
    return [
        {RATE: rate, **{name: random.choice(values) for name, values in options.items()}}
        for rate in RATES
        for _ in range(_DRAWS)
    ]


def search_values(model: str) -> Mapping[str, Values]:
    """The values that the search tries of each option."""
    return {RATE: RATES, **_options(model)}


def edge_settings(run: RunSpecification, tried: Mapping[str, Values]) -> list[RunSpecification]:
    """The run with one option at a time moved beyond the edge of the values that were tried, where it is at
    the edge."""
    moved = {
        path: _beyond(path, getattr(getattr(run, path.split(".")[0]), path.split(".")[1]), values)
        for path, values in tried.items()
    }
    return [override(run, {path: value}) for path, value in moved.items() if value is not None]


def _options(model: str) -> Mapping[str, Values]:
    return {**_JOINT.get(model, {}), **_FOR_ALL}


def _beyond(path: str, value: float, tried: Values) -> float | None:
    """The next value beyond those tried; None if this is not at their edge, or nothing is beyond it."""
    low, high = min(tried), max(tried)
    if isinstance(value, bool) or (path, value) in _BOUNDS or low < value < high:
        return None
    up = value >= high
    if path == "cell.decay":
        return (1 + value) / 2 if up else value / 2
    if path == "cell.forget_bias":
        return value + 2 if up else value - 2
    if path == "cell.recurrent_scale" and up:
        return round(value + 0.1, 3)
    return value * 2 if up else value / 2
