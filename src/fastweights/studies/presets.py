"""Named studies: which runs answer a question."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Protocol

from fastweights import registry
from fastweights.errors import UnknownNameError, check, check_choice
from fastweights.papers.ba2016.plan.comparison import Comparison
from fastweights.runs.specification import DataOptions, RunSpecification
from fastweights.studies.plans import Choice, Plan, fixed
from fastweights.tasks.associative_retrieval import AssociativeRetrieval
from fastweights.training.options import TrainingOptions

MODELS = ("irnn", "lstm", "fast-weights")
SIZES = (20, 50, 100)


class Preset(Protocol):
    """A named study."""

    @property
    def summary(self) -> str:
        """One line."""
        ...

    def plan(self, choice: Choice) -> Plan:
        """Its runs, as far as the choice leaves them.

        Raises: UnknownNameError or InvalidValueError for what is unknown, out of range or not of this preset.
        """
        ...


@dataclass(frozen=True)
class Grid:
    """A grid over models, sizes and seeds, in the protocol of Ba et al. 2016, section 4.1."""

    summary: str
    updates: Callable[[int], int]
    """The budget of every model at a hidden size."""
    learning_rate: float = 1.25e-3
    data: DataOptions = DataOptions()
    sizes: Sequence[int] = SIZES
    evaluate_every: int = 500

    def plan(self, choice: Choice) -> Plan:
        check(not choice.parts, f"this preset has no parts; got {', '.join(choice.parts)}")
        check_choice("sampler", choice.sampler, ("grid",))
        return fixed(self.specifications(choice.models, choice.hidden_sizes, choice.seeds))

    def specifications(
        self,
        models: Sequence[str] | None = None,
        hidden_sizes: Sequence[int] | None = None,
        seeds: int | None = None,
    ) -> list[RunSpecification]:
        """The runs, models within sizes; arguments that are given replace the preset's own.

        Raises: UnknownNameError or InvalidValueError for unknown models and numbers out of range.
        """
        seeds = 1 if seeds is None else seeds
        check(seeds >= 1, f"seeds must be at least 1; got {seeds}")
        sizes = _unique(hidden_sizes or self.sizes)
        grid = product(sizes, _unique(models or MODELS), range(seeds))
        return [
            RunSpecification(
                task=AssociativeRetrieval(),
                model=model,
                hidden_size=size,
                cell=registry.cells[model].recommended(size),
                training=TrainingOptions(
                    updates=self.updates(size),
                    learning_rate=self.learning_rate,
                    schedule="cosine",
                    evaluate_every=self.evaluate_every,
                ),
                data=self.data,
                seed=seed,
            )
            for size, model, seed in grid
        ]


def _quick_updates(hidden_size: int) -> int:
    return 30_000 if hidden_size < 35 else 10_000 if hidden_size < 75 else 5_000


presets: dict[str, Preset] = {
    "quick": Grid(
        summary="one seed, one learning rate, a budget that fast weights need: two minutes on two cores",
        updates=_quick_updates,
    ),
    "paper": Comparison(
        summary="section 4.1 in full: search, fresh seeds, Figure 2, ablations: a day on two cores",
    ),
    "smoke": Grid(
        summary="three small runs on little data, for tests: half a minute",
        updates=lambda hidden_size: 300,
        data=DataOptions(train=10_000, validation=1_000, test=2_000),
        sizes=(20,),
        evaluate_every=100,
    ),
    "paper-smoke": Comparison(
        summary="every part of the paper preset with a thousandth of its updates, for tests",
        sizes=(20, 50),
        data=DataOptions(train=20_000, validation=1_000, test=2_000),
        shorten=1_000,
    ),
}


def get_preset(name: str) -> Preset:
    """The preset of that name. Raises UnknownNameError."""
    if name not in presets:
        raise UnknownNameError(f"unknown preset {name!r}; expected one of {', '.join(presets)}")
    return presets[name]


def _unique(values: Iterable) -> list:
    return list(dict.fromkeys(values))
