"""Hyper-parameter search: the same number of settings for every model, on a grid or by TPE."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from statistics import fmean

from fastweights.runs.specification import RunSpecification
from fastweights.studies.analysis.runs import Record, final_validation_error, outcome
from fastweights.studies.presets import ended, seeded

SAMPLERS = ("grid", "tpe")
_AT_ONCE = 4


@dataclass(frozen=True)
class Dimension:
    """A number to be searched: an option of the cell, or `learning_rate`."""

    name: str
    grid: tuple[float, ...]
    """The values that are tried; TPE takes any between the lowest and the highest."""
    logarithmic: bool = False


def candidates(
    base: RunSpecification,
    space: Sequence[Dimension],
    seeds: Sequence[int],
    sampler: str,
    known: Mapping[str, Record],
) -> list[RunSpecification]:
    """The settings of the space to try with these seeds, as far as the records of those tried decide.

    The sampler is one of `SAMPLERS`. `grid` is the product of the dimensions' values. `tpe` (Bergstra et al.
    2011, as Optuna has it) asks for as many settings, four at a time, and for the next four when the last
    have ended: by their mean final validation error.
    """
    grid = list(product(*(dimension.grid for dimension in space)))
    if sampler == "tpe":
        return _by_tpe(base, space, seeds, known, len(grid))
    names = [dimension.name for dimension in space]
    settings = [with_values(base, dict(zip(names, values, strict=True))) for values in grid]
    return [run for setting in settings for run in seeded(setting, seeds)]


def with_values(base: RunSpecification, values: Mapping[str, float]) -> RunSpecification:
    """The specification with these values of the space's dimensions."""
    options = dict(values)
    rate = options.pop("learning_rate", base.training.learning_rate)
    return replace(
        base,
        cell=replace(base.cell, **options),
        training=replace(base.training, learning_rate=rate),
    )


def _by_tpe(
    base: RunSpecification,
    space: Sequence[Dimension],
    seeds: Sequence[int],
    known: Mapping[str, Record],
    count: int,
) -> list[RunSpecification]:
    import optuna
    from optuna.distributions import BaseDistribution, FloatDistribution

    # The results are given to a new study each time: with its seed, it asks for the same settings again.
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=0, n_startup_trials=2 * _AT_ONCE))
    distributions: dict[str, BaseDistribution] = {
        dimension.name: FloatDistribution(min(dimension.grid), max(dimension.grid), log=dimension.logarithmic)
        for dimension in space
    }
    asked: list[RunSpecification] = []
    for _ in range(count // _AT_ONCE):
        trials = [study.ask(distributions) for _ in range(_AT_ONCE)]
        settings = [seeded(with_values(base, trial.params), seeds) for trial in trials]
        asked += [run for setting in settings for run in setting]
        if not all(ended(setting, known) for setting in settings):
            break
        for trial, setting in zip(trials, settings, strict=True):
            records = [known[run.identifier] for run in setting]
            if all(outcome(record) == "finished" for record in records):
                study.tell(trial, fmean(map(final_validation_error, records)))
            else:
                study.tell(trial, state=optuna.trial.TrialState.FAIL)
    return asked
