"""What the runs of a study say together: one summary for each model, size and task."""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from statistics import fmean, stdev
from typing import Any, Literal

Record = Mapping[str, Any]
"""One run as in results.json."""

Outcome = Literal["finished", "failed", "interrupted", "waiting"]

GOAL = 0.01
"""The validation error that counts as having learned the task."""


@dataclass(frozen=True)
class Summary:
    """One cell of the table: a model of one size at one task, in the setting that validation selected.

    Errors are fractions. Means, bounds and counts of seeds are over the finished seeds of the selected
    setting; a mean is None where no seed has finished.
    """

    model: str
    hidden_size: int
    floor: float
    """The error of the best answer without binding."""

    setting: Record
    """The specification without its seed."""

    validation_error: float | None
    """Mean final validation error; what the selection went by."""

    test_error: float | None
    """Mean test error after the last update."""

    half_interval: float | None
    """Half of the 95 % interval of `test_error`, see `half_t_interval`; None below two seeds."""

    lowest_test_error: float | None
    highest_test_error: float | None

    best_test_error: float | None
    """Mean test error of the weights that had each run's lowest validation error."""

    finished: int
    failed: int
    unfinished: int

    settings: int
    """How many settings were tried for this cell."""

    parameters: int | None

    seconds: float | None
    """Mean seconds a run."""

    runs: Sequence[Record] = field(repr=False)
    """The runs of this model, size and task, in any setting."""

    selected: Sequence[Record] = field(repr=False)
    """The runs of the selected setting, one for each seed."""


def summarise(runs: Sequence[Record]) -> list[Summary]:
    """One summary for each (model, hidden size, task), by model in order of appearance, then by size.

    Runs that differ in their seed only are one setting. Of a cell's settings, the one with the lowest
    mean final validation error over its finished seeds is selected; ties go to the earlier. Settings
    with a failed seed come after those without, and settings without a finished seed come last.
    Test errors select nothing.
    """
    models = list(dict.fromkeys(run["specification"]["model"]["name"] for run in runs))
    cells = _grouped(runs, lambda run: _cell_key(run["specification"]))
    summaries = [_summary(cell) for cell in cells.values()]
    return sorted(summaries, key=lambda summary: (models.index(summary.model), summary.hidden_size))


def setting_of(run: Record) -> dict[str, Any]:
    """The specification without its seed."""
    return {name: value for name, value in run["specification"].items() if name != "seed"}


def outcome(run: Record) -> Outcome:
    """The state of a run; one that finished with errors that cannot be counts as failed."""
    return "failed" if run["state"] == "finished" and _defect(run) else run["state"]


def failure_of(run: Record) -> str | None:
    """Why a run counts as failed: its message or traceback, or what is wrong with its result."""
    if outcome(run) != "failed":
        return None
    return run.get("failure") or _defect(run) or "no reason was recorded"


def half_t_interval(values: Sequence[float]) -> float | None:
    """Half the width of the 95 % interval of the mean: t(0.975; n − 1) · s / √n.

    s² = Σ (x − mean)² / (n − 1), and t the quantile of Student's distribution. None below two values.
    """
    if len(values) < 2:
        return None
    return t_quantile(len(values) - 1) * stdev(values) / math.sqrt(len(values))


@lru_cache(maxsize=256)
def t_quantile(freedom: int) -> float:
    """t(0.975; ν) of Student's distribution with ν = `freedom` ≥ 1 degrees, a whole number.

    With t = √ν tan θ, P(|T| ≤ t) is a finite sum in cos θ; θ is found by halving. SciPy has it too, but takes
    half a second to import.
    Source: Abramowitz & Stegun, Handbook of Mathematical Functions, 26.7.3 and 26.7.4.
    """
    low, high = 0.0, math.pi / 2
    for _ in range(60):
        middle = (low + high) / 2
        if _central_probability(middle, freedom) < 0.95:
            low = middle
        else:
            high = middle
    return math.sqrt(freedom) * math.tan(high)


def _central_probability(angle: float, freedom: int) -> float:
    """P(|T| ≤ √ν tan θ)."""
    odd = freedom % 2
    term = math.cos(angle) if odd else 1.0
    total = term if freedom > 1 else 0.0
    for k in range(2 + odd, freedom - 1, 2):
        term *= (k - 1) / k * math.cos(angle) ** 2
        total += term
    return 2 / math.pi * (angle + math.sin(angle) * total) if odd else math.sin(angle) * total


def _summary(runs: list[Record]) -> Summary:
    settings = list(_grouped(runs, _setting_key).values())
    selected = min(settings, key=_rank)
    outcomes = [outcome(run) for run in selected]
    finished = [run for run in selected if outcome(run) == "finished"]
    results = [run["result"] for run in finished]
    errors = [result["test_error"] for result in results]
    specification = selected[0]["specification"]
    return Summary(
        model=specification["model"]["name"],
        hidden_size=specification["model"]["hidden_size"],
        floor=selected[0]["floor"],
        setting=setting_of(selected[0]),
        validation_error=mean([final_validation_error(run) for run in finished]),
        test_error=mean(errors),
        half_interval=half_t_interval(errors),
        lowest_test_error=min(errors, default=None),
        highest_test_error=max(errors, default=None),
        best_test_error=mean([result["best_test_error"] for result in results]),
        finished=len(finished),
        failed=outcomes.count("failed"),
        unfinished=outcomes.count("interrupted") + outcomes.count("waiting"),
        settings=len(settings),
        parameters=results[0]["parameters"] if results else None,
        seconds=mean([result["seconds"] for result in results]),
        runs=runs,
        selected=selected,
    )


def _rank(setting: list[Record]) -> tuple[bool, bool, float]:
    """What settings are ordered by; `min` keeps the earlier of equals."""
    outcomes = [outcome(run) for run in setting]
    error = mean([final_validation_error(run) for run in setting if outcome(run) == "finished"])
    return error is None, "failed" in outcomes, math.inf if error is None else error


def _defect(run: Record) -> str | None:
    result = run.get("result") or {}
    for name in ("test_error", "best_test_error"):
        if not _is_error(result.get(name)):
            return f"{name} is {result.get(name)}"
    if not run.get("curve"):
        return "no validation error was recorded"
    error = final_validation_error(run)
    return None if _is_error(error) else f"the last validation error is {error}"


def _is_error(value: object) -> bool:
    """Whether it is a number from 0 to 1; NaN is none."""
    return isinstance(value, int | float) and 0 <= value <= 1


def final_validation_error(run: Record) -> float:
    """Of a finished run: what settings are selected by."""
    return run["curve"][-1][2]


def updates_to(run: Record, goal: float = GOAL) -> float:
    """The first update at which a validation error of at most `goal` was measured; infinite if none was."""
    return next((float(at) for at, error in validation_errors(run).items() if error <= goal), math.inf)


def validation_errors(run: Record) -> dict[int, float]:
    """The validation error by update; what is not a number is left out."""
    points = run.get("curve") or ()
    return {at: error for at, _, error, *_ in points if error is not None and math.isfinite(error)}


def mean(values: Sequence[float]) -> float | None:
    """None if there are no values."""
    return fmean(values) if values else None


def _cell_key(specification: Record) -> str:
    model = specification["model"]
    return _canonical([model["name"], model["hidden_size"], specification["task"]])


def _setting_key(run: Record) -> str:
    return _canonical(setting_of(run))


def _canonical(value: object) -> str:
    return json.dumps(value, sort_keys=True)


def _grouped(runs: Iterable[Record], key: Any) -> dict[str, list[Record]]:
    groups: dict[str, list[Record]] = {}
    for run in runs:
        groups.setdefault(key(run), []).append(run)
    return groups
