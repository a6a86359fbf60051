"""What the seeds of one setting say together."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from statistics import median

from fastweights.report.labels import with_interval
from fastweights.studies.analysis.settings import (
    Record,
    final_validation_error,
    half_t_interval,
    mean,
    outcome,
    updates_to,
    validation_errors,
)

COLLAPSE = 0.05
"""A run has collapsed if its last validation error is this much above its lowest."""


@dataclass(frozen=True)
class Seeds:
    """The runs of one setting. Errors are fractions, over the finished runs, and None where there is none."""

    planned: int
    finished: int
    failed: int
    """Those that diverged, raised, or ended in errors that are no numbers."""

    errors: Sequence[float]
    """Test errors after the last update."""

    counts: Sequence[int]
    """The numbers of test sequences that they were measured on."""

    mean: float | None
    half_interval: float | None
    """Half of the mean's 95 % interval, see `half_t_interval`; None below two seeds."""

    lowest: float | None
    highest: float | None

    at_best: float | None
    """Mean test error of the weights that had each run's lowest validation error."""

    validation: float | None
    """Mean validation error after the last update."""

    training_loss: float | None
    """Mean of the runs' last training losses, in nats."""

    validation_loss: float | None
    """Mean of their last validation losses, the negative log likelihood, in nats."""

    collapses: int
    """How many finished runs have `collapsed`."""

    reached: int
    """How many runs that have ended had a validation error of `GOAL` or less on the way."""

    updates: float | None
    """Median of `updates_to` over the runs that have ended; infinite if half of them never got there."""

    runs: Sequence[Record] = field(repr=False)

    @property
    def unfinished(self) -> int:
        """How many runs have not ended."""
        return self.planned - self.finished - self.failed


def over_seeds(runs: Iterable[Record]) -> Seeds:
    """The statistics of these runs, which are to differ in their seeds only."""
    runs = list(runs)
    finished = [run for run in runs if outcome(run) == "finished"]
    failed = [run for run in runs if outcome(run) == "failed"]
    errors = [float(run["result"]["test_error"]) for run in finished]
    updates = [updates_to(run) for run in [*finished, *failed]]
    return Seeds(
        planned=len(runs),
        finished=len(finished),
        failed=len(failed),
        errors=errors,
        counts=[run["result"]["test_count"] for run in finished],
        mean=mean(errors),
        half_interval=half_t_interval(errors),
        lowest=min(errors, default=None),
        highest=max(errors, default=None),
        at_best=mean([run["result"]["best_test_error"] for run in finished]),
        validation=mean([final_validation_error(run) for run in finished]),
        training_loss=mean([run["curve"][-1][1] for run in finished]),
        validation_loss=mean([-run["curve"][-1][3] for run in finished]),
        collapses=sum(map(collapsed, finished)),
        reached=sum(map(math.isfinite, updates)),
        updates=median(updates) if updates else None,
        runs=runs,
    )


def collapsed(run: Record) -> bool:
    """Whether a finished run was good and ended bad, see `COLLAPSE`."""
    best = min(error for error in validation_errors(run).values())
    return final_validation_error(run) - best > COLLAPSE


def error_text(seeds: Seeds) -> str:
    """`1.81 ± 0.20`, the one value of one seed, or what there is instead."""
    if seeds.mean is not None:
        return with_interval(seeds.mean, seeds.half_interval)
    return "failed" if seeds.failed and not seeds.unfinished else ""


def mean_text(seeds: Seeds) -> str:
    """`1.81 ± 0.20 %`; empty if no seed has finished."""
    return "" if seeds.mean is None else f"{with_interval(seeds.mean, seeds.half_interval)} %"


def seeds_text(seeds: Seeds) -> str:
    """How many are finished, and of how many if not all."""
    return str(seeds.finished) if seeds.finished == seeds.planned else f"{seeds.finished} of {seeds.planned}"


def length_text(seeds: Seeds) -> str:
    """How many updates each run has; nothing if none is planned."""
    return f"{seeds.runs[0]['specification']['training']['updates']:,}" if seeds.planned else ""


def updates_text(seeds: Seeds) -> str:
    """`41,000`, `41,000 (4 of 5)`, `– (2 of 5)`."""
    ended = seeds.finished + seeds.failed
    if seeds.updates is None:
        return ""
    text = "–" if seeds.updates == math.inf else f"{seeds.updates:,.0f}"
    return text if seeds.reached == ended else f"{text} ({seeds.reached} of {ended})"
