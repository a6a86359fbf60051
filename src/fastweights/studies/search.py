"""Hyper-parameter search: the same number of settings for every model, on a grid or by TPE."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from statistics import fmean
from typing import Any

from fastweights.runs.specification import RunSpecification
from fastweights.studies.analysis.runs import Record, final_validation_error, outcome
from fastweights.studies.plans import ended, seeded

SAMPLERS = ("grid", "tpe")
_AT_ONCE = 4


@dataclass(frozen=True)
class Dimension:
    """A number to be searched: an option of the cell, or `learning_rate`."""

    name: str
    grid: tuple[float, ...]
    """The values that are tried; TPE takes any between the lowest and the highest."""
    logarithmic: bool = False


LEARNING_RATE = Dimension("learning_rate", (5e-4, 1e-3, 2e-3, 4e-3, 8e-3), logarithmic=True)

# Four values of what decides how well a model starts to remember, for each model: twenty settings.
_OWN = {
    "irnn": [Dimension("recurrent_scale", (0.25, 0.5, 0.75, 1.0))],
    "lstm": [Dimension("forget_bias", (0.0, 1.0, 2.0, 3.0))],
    "associative-lstm": [Dimension("forget_bias", (0.0, 1.0, 2.0, 3.0))],
    "fast-weights": [Dimension("decay", (0.9, 0.95)), Dimension("write_rate", (0.25, 0.5))],
}


def space(model: str) -> list[Dimension]:
    """What is searched for a model; for one that is not of the paper's the learning rate alone."""
    return [LEARNING_RATE, *_OWN.get(model, ())]


def candidates(
    base: RunSpecification, seeds: Sequence[int], sampler: str, known: Mapping[str, Record]
) -> list[RunSpecification]:
    """The settings to try with these seeds, as far as they can be told from the records of those tried.

    The sampler is one of `SAMPLERS`. `grid` is the product of the dimensions' values. `tpe` (Bergstra et al.
    2011, as Optuna has it) asks for as many settings, four at a time, and for the next four when the last
    have ended: by their mean final validation error.
    """
    grid = list(product(*(each.grid for each in space(base.model))))
    if sampler == "tpe":
        return _by_tpe(base, seeds, known, len(grid))
    names = [each.name for each in space(base.model)]
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
    base: RunSpecification, seeds: Sequence[int], known: Mapping[str, Record], count: int
) -> list[RunSpecification]:
    import optuna

    # The study is told again from the start each time: with its seed, it asks the same again.
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=0, n_startup_trials=2 * _AT_ONCE))
    distributions = {each.name: _distribution(each) for each in space(base.model)}
    found: list[RunSpecification] = []
    for _ in range(count // _AT_ONCE):
        trials = [study.ask(distributions) for _ in range(_AT_ONCE)]
        runs = [seeded(with_values(base, trial.params), seeds) for trial in trials]
        found += [run for each in runs for run in each]
        if not all(ended(each, known) for each in runs):
            break
        for trial, each in zip(trials, runs, strict=True):
            records = [known[run.identifier] for run in each]
            if all(outcome(record) == "finished" for record in records):
                study.tell(trial, fmean(map(final_validation_error, records)))
            else:
                study.tell(trial, state=optuna.trial.TrialState.FAIL)
    return found


def _distribution(dimension: Dimension) -> Any:
    from optuna.distributions import FloatDistribution

    return FloatDistribution(min(dimension.grid), max(dimension.grid), log=dimension.logarithmic)
