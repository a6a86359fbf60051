"""Named studies: which runs answer a question."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import product

from fastweights import registry
from fastweights.errors import UnknownNameError, check
from fastweights.studies.specification import DataOptions, RunSpecification
from fastweights.tasks.associative_retrieval import AssociativeRetrieval
from fastweights.training.options import TrainingOptions

MODELS = ("irnn", "lstm", "fast-weights")
SIZES = (20, 50, 100)
SMALL = 35
"""Below this many units fast weights train best in the setting for small networks."""


@dataclass(frozen=True)
class Preset:
    """A grid over models, sizes, learning rates and seeds, in the protocol of Ba et al. 2016, section 4.1."""

    summary: str
    seeds: int
    learning_rates: Sequence[float]
    updates: Callable[[int], int]
    """The budget of every model at a hidden size."""
    data: DataOptions = DataOptions()
    sizes: Sequence[int] = SIZES
    evaluate_every: int = 500

    def specifications(
        self,
        models: Sequence[str] | None = None,
        hidden_sizes: Sequence[int] | None = None,
        seeds: int | None = None,
    ) -> list[RunSpecification]:
        """The runs, models within sizes; arguments that are given replace the preset's own.

        Raises: UnknownNameError or InvalidValueError for unknown models and numbers out of range.
        """
        seeds = self.seeds if seeds is None else seeds
        check(seeds >= 1, f"seeds must be at least 1; got {seeds}")
        sizes = _unique(hidden_sizes or self.sizes)
        grid = product(sizes, _unique(models or MODELS), self.learning_rates, range(seeds))
        return [
            RunSpecification(
                task=AssociativeRetrieval(),
                model=model,
                hidden_size=size,
                cell=recommended(model, size),
                training=TrainingOptions(
                    updates=self.updates(size),
                    learning_rate=rate,
                    schedule="cosine",
                    evaluate_every=self.evaluate_every,
                ),
                data=self.data,
                seed=seed,
            )
            for size, model, rate, seed in grid
        ]


def recommended(model: str, hidden_size: int) -> object:
    """The cell options that the documentation recommends: the defaults, but for small fast-weights nets."""
    options = registry.cells[model].Options
    if model == "fast-weights" and hidden_size < SMALL:
        return options(decay=0.95, norm_bias=1.0, preliminary_norm="separate")
    return options()


def _quick_updates(hidden_size: int) -> int:
    return 30_000 if hidden_size < SMALL else 10_000 if hidden_size < 75 else 5_000


presets: dict[str, Preset] = {
    "quick": Preset(
        summary="one seed, one learning rate, a budget that fast weights need: two minutes on two cores",
        seeds=1,
        learning_rates=(1.25e-3,),
        updates=_quick_updates,
    ),
    "paper": Preset(
        summary="five seeds, four learning rates selected on validation, 100,000 updates: hours on two cores",
        seeds=5,
        learning_rates=(3e-4, 1e-3, 2e-3, 4e-3),
        updates=lambda hidden_size: 100_000,
        evaluate_every=1_000,
    ),
    "smoke": Preset(
        summary="three small runs on little data, for tests: half a minute",
        seeds=1,
        learning_rates=(1.25e-3,),
        updates=lambda hidden_size: 300,
        data=DataOptions(train=10_000, validation=1_000, test=2_000),
        sizes=(20,),
        evaluate_every=100,
    ),
}


def get_preset(name: str) -> Preset:
    """The preset of that name. Raises UnknownNameError."""
    if name not in presets:
        raise UnknownNameError(f"unknown preset {name!r}; expected one of {', '.join(presets)}")
    return presets[name]


def _unique(values: Iterable) -> list:
    return list(dict.fromkeys(values))
