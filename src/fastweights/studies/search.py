"""The search of a setting: the values to try, on a grid, at random or by TPE."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from statistics import fmean
from typing import TYPE_CHECKING, Annotated, Any

from msgspec import Meta, Struct

from fastweights.errors import check, errors_at
from fastweights.runs.conversion import Tables, convert_option, convert_value
from fastweights.runs.specification import RunSpecification
from fastweights.studies.analysis.runs import Record, final_validation_error, outcome
from fastweights.studies.overrides import override
from fastweights.studies.plans import ended, seeded

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

SAMPLERS = ("grid", "random", "tpe")
_AT_ONCE = 4
_SEARCHED = ("cell", "classifier", "blocks", "training")


class _Interval(Struct, forbid_unknown_fields=True):
    low: int | float
    high: int | float
    log: bool = False


@dataclass(frozen=True)
class Dimension:
    """An option to be searched."""

    place: str
    """In a specification: `training.learning_rate`."""
    values: tuple[Any, ...]
    """Those of a grid."""
    interval: bool = False
    """Whether `random` and `tpe` take any number between the lowest and the highest, instead of these."""
    logarithmic: bool = False
    """Whether such a number is drawn by its logarithm."""

    def distribution(self) -> "BaseDistribution":
        """Optuna's: of numbers in the interval, or of the places of values."""
        from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

        if not self.interval:
            return CategoricalDistribution(range(len(self.values)))
        low, high = min(self.values), max(self.values)
        kind = IntDistribution if isinstance(low, int) else FloatDistribution
        return kind(low, high, log=self.logarithmic)

    def value(self, drawn: Any) -> Any:
        """What was drawn of the distribution, as a value of the option."""
        return drawn if self.interval else self.values[drawn]


def grid_size(space: Sequence[Dimension]) -> int:
    """How many settings the product of the dimensions' values has."""
    return prod(len(dimension.values) for dimension in space)


def candidates(
    base: RunSpecification,
    space: Sequence[Dimension],
    seeds: Sequence[int],
    sampler: str,
    known: Mapping[str, Record],
    trials: int | None = None,
) -> list[RunSpecification]:
    """The settings of the space to try with these seeds, as far as the records of those tried decide.

    The sampler is one of `SAMPLERS`. `grid` is the product of the dimensions' values. `random` draws so many
    `trials`, by default as many as the grid has. `tpe` (Bergstra et al. 2011; both as Optuna has them) asks
    for as many, four at a time, and for the next four when the last have ended: by their mean final
    validation error.
    """
    if sampler == "grid":
        places = [dimension.place for dimension in space]
        settings = [
            override(base, dict(zip(places, values, strict=True)))
            for values in product(*(dimension.values for dimension in space))
        ]
        return [run for setting in settings for run in seeded(setting, seeds)]
    return _asked(base, space, seeds, sampler, known, grid_size(space) if trials is None else trials)


def _asked(
    base: RunSpecification,
    space: Sequence[Dimension],
    seeds: Sequence[int],
    sampler: str,
    known: Mapping[str, Record],
    trials: int,
) -> list[RunSpecification]:
    """What a sampler of Optuna's asks for.

    The results are given to a new study each time: with its seed, it asks for the same settings again.
    """
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    if sampler == "tpe":
        at_once = _AT_ONCE
        study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=0, n_startup_trials=2 * at_once))
    else:
        at_once = trials
        study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    names = _names(space)
    distributions = {names[dimension.place]: dimension.distribution() for dimension in space}
    asked: list[RunSpecification] = []
    for done in range(0, trials, at_once):
        batch = [study.ask(distributions) for _ in range(min(at_once, trials - done))]
        settings = [
            seeded(override(base, {d.place: d.value(trial.params[names[d.place]]) for d in space}), seeds)
            for trial in batch
        ]
        asked += [run for setting in settings for run in setting]
        if not all(ended(setting, known) for setting in settings):
            break
        for trial, setting in zip(batch, settings, strict=True):
            records = [known[run.identifier] for run in setting]
            if all(outcome(record) == "finished" for record in records):
                study.tell(trial, fmean(map(final_validation_error, records)))
            else:
                study.tell(trial, state=optuna.trial.TrialState.FAIL)
    return asked


def _names(space: Sequence[Dimension]) -> dict[str, str]:
    """Optuna's names of the places. It draws in the order of the names: recorded studies have those of the
    options alone."""
    options = [dimension.place.rpartition(".")[2] for dimension in space]
    return {
        dimension.place: option if options.count(option) == 1 else dimension.place
        for dimension, option in zip(space, options, strict=True)
    }


def dimensions(base: RunSpecification, tables: Tables, *, on_grid: bool) -> list[Dimension]:
    """The values to try around a specification: a list for each option, or an interval for a sampler that
    draws, `{ low = 1e-4, high = 1e-2, log = true }`.

    Raises: InvalidValueError, with the place, if an option cannot be searched, or a value is wrong.
    """
    found = {
        place: _dimension(base, f"{table}.{place}", place, value, on_grid)
        for table, values in tables.items()
        for place, value in _leaves(values)
    }
    return list(found.values())


def _dimension(base: RunSpecification, where: str, place: str, value: Any, on_grid: bool) -> Dimension:
    group, _, name = place.rpartition(".")
    expected = f"expected options of {', '.join(_SEARCHED)}"
    check(group in _SEARCHED, f"{where} cannot be chosen on validation; {expected}")
    kind = type(getattr(base, group))
    owner = f"the model {base.model}" if group == "cell" else group
    if isinstance(value, dict):
        check(not on_grid, f"{where}: a grid needs a list of values; only random and tpe take an interval")
        interval = convert_value(where, value, _Interval)
        low, high = (convert_option(kind, owner, where, name, end) for end in (interval.low, interval.high))
        check(low < high, f"{where}: low must be below high; got {low} and {high}")
        check(not interval.log or low > 0, f"{where}: low must be positive with log; got {low}")
        dimension = Dimension(place, (low, high), interval=True, logarithmic=interval.log)
    else:
        given = convert_value(where, value, Annotated[list, Meta(min_length=1)])
        values = [convert_option(kind, owner, where, name, each) for each in given]
        check(len({*map(repr, values)}) == len(values), f"{where} must be different values; got {values}")
        dimension = Dimension(place, tuple(values))
    with errors_at(where):
        for each in dimension.values:
            override(base, {place: each})
    return dimension


def _leaves(table: Mapping[str, Any], place: str = "") -> Iterator[tuple[str, Any]]:
    """What stands in the table and in the tables within it, by place; an interval is no such table."""
    for name, value in table.items():
        if isinstance(value, dict) and not value.keys() & {"low", "high"}:
            yield from _leaves(value, f"{place}{name}.")
        else:
            yield f"{place}{name}", value
