"""A study: settings to compare, what is chosen on validation in each, and the seeds that are reported.

from fastweights.studies.study import Row, Search, Study

base = RunSpecification(AssociativeRetrieval(8), "lstm", 50)
rates = Dimension("training.learning_rate", (1e-3, 2e-3, 4e-3))
study = Study([Row(base, [rates])], seeds=range(10, 15), search=Search(seeds=[0]))
results = study.run("eight-pairs", workers=2)
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastweights.errors import MAX_SCALE, MAX_SEED, check, check_between, check_choice, shown
from fastweights.machine import available_cores
from fastweights.runs.specification import RunSpecification
from fastweights.studies.analysis.runs import Record, distinguished, grouped
from fastweights.studies.plans import Choice, Plan, Planned, Tags, select_best
from fastweights.studies.search import SAMPLERS, Dimension, candidates, grid_size

if TYPE_CHECKING:
    from fastweights.studies.execution.executor import Executor
    from fastweights.studies.execution.listener import Listener
    from fastweights.studies.record.folder import Location

MAX_RUNS = 100_000
"""Of a study."""


class Preset(ABC):
    """A named study."""

    @abstractmethod
    def plan(self, choice: Choice) -> Plan:
        """Its runs, as far as the choice leaves them.

        Raises: UnknownNameError or InvalidValueError for what is unknown, out of range or not of this preset.
        """

    def after(self, folder: Path, results: Mapping[str, Any]) -> None:
        """What follows once its runs have ended, in the study's folder; by default nothing.

        `results` is the content of results.json. Called also if nothing was left to run.
        """
        del folder, results


@dataclass(frozen=True)
class Row:
    """A row of the study's table.

    Raises: InvalidValueError if the goal is negative, or a share of 1 or more.
    """

    base: RunSpecification
    """The setting; its seed does not count."""
    space: Sequence[Dimension] = ()
    """What validation chooses in it."""
    goal: float | None = None
    """The validation error at which the task counts as learned, for the column of updates to it; None for
    1 % of wrong answers, and for no such column with squared errors."""

    def __post_init__(self) -> None:
        if self.goal is not None:
            shares = self.base.task.error_kind == "share"
            check(
                0 <= self.goal < (1 if shares else MAX_SCALE),
                f"goal must be {'a share from 0 to below 1' if shares else 'a squared error from 0'}; "
                f"got {self.goal}",
            )


@dataclass(frozen=True)
class Search:
    """How the settings of a row are tried.

    Raises: InvalidValueError if the sampler is unknown or lacks trials, or if trials are given for a grid.
    """

    seeds: Sequence[int]
    """Each setting is trained with all of them; its mean final validation error decides."""
    sampler: str = "grid"
    """One of `SAMPLERS`."""
    trials: int | None = None
    """How many settings `random` and `tpe` try in each row."""

    def __post_init__(self) -> None:
        check_choice("sampler", self.sampler, SAMPLERS)
        _check_seeds("search.seeds", self.seeds)
        if self.sampler == "grid":
            check(self.trials is None, f"a grid has no trials, but values; got {shown(self.trials)}")
        else:
            check(self.trials is not None, f"the sampler {self.sampler} needs trials, the number of settings")
            check_between("trials", self.trials or 0, 1, MAX_RUNS)


@dataclass(frozen=True)
class Study:
    """Rows, and the seeds that are reported of each: fresh ones, if a search has selected its setting.

    Raises: InvalidValueError if there are no rows or seeds, if a seed is given twice or both selects and is
    reported, if two rows are the same setting, if a row has a space and the study no search, or if there are
    too many runs.
    """

    rows: Sequence[Row]
    seeds: Sequence[int]
    search: Search | None = None

    def __post_init__(self) -> None:
        check(len(self.rows) > 0, "a study needs at least one model")
        _check_seeds("seeds", self.seeds)
        if self.search is not None:
            both = sorted({*self.seeds} & {*self.search.seeds})
            check(not both, f"seeds that select must not be reported; got {both} as both")
        check(
            self.search is not None or not any(row.space for row in self.rows),
            "values to try need seeds to select by: search.seeds",
        )
        settings = [replace(row.base, seed=0) for row in self.rows]
        twice = next((each for i, each in enumerate(settings) if each in settings[:i]), None)
        check(twice is None, f"two rows have the same setting: {shown(twice)}")
        runs = sum(map(self.num_runs, self.rows))
        check(runs <= MAX_RUNS, f"a study has at most {MAX_RUNS:,} runs; got {runs:,}")

    def num_tried(self, row: Row) -> int:
        """How many settings are tried in the row; 0 where nothing is chosen."""
        if not row.space or self.search is None:
            return 0
        return grid_size(row.space) if self.search.trials is None else self.search.trials

    def num_runs(self, row: Row) -> int:
        """How many runs the row has when all is known."""
        return self.num_tried(row) * len(self.search.seeds if self.search else ()) + len(self.seeds)

    def labels(self) -> list[str]:
        """What tells each row from those of the same model, size and task: `decay 0.95`; perhaps nothing."""
        places = [(row.base.model, row.base.hidden_size, row.base.task) for row in self.rows]
        if len(set(places)) == len(places):
            return [""] * len(places)
        settings, labels = [{**row.base.to_json(), "seed": 0} for row in self.rows], [""] * len(places)
        for alike in grouped(range(len(places)), places.__getitem__).values():
            for i, entries in zip(alike, distinguished([settings[i] for i in alike]), strict=True):
                labels[i] = ", ".join(entries)
        return labels

    def plan(self, known: Mapping[str, Record]) -> list[Planned]:
        """The runs that can be named so far: those that are reported when the row's search has ended."""
        rows = zip(self.rows, self.labels(), strict=True)
        return [planned for row, label in rows for planned in self.runs_of(row, label, known)]

    def runs_of(self, row: Row, label: str, known: Mapping[str, Record]) -> Iterator[Planned]:
        """Those of a row that can be named so far."""
        best: RunSpecification | None = row.base
        if row.space and self.search is not None:
            search = self.search
            tried = candidates(row.base, row.space, search.seeds, search.sampler, known, search.trials)
            yield from (Planned(run, {"part": "search", "row": label}, row.goal) for run in tried)
            best = select_best(tried, known)
        if best is not None:
            tags: Tags = {"part": "report", "row": label} if row.space or label else {}
            yield from (Planned(replace(best, seed=seed), tags, row.goal) for seed in self.seeds)

    def run(
        self,
        directory: str | Path,
        *,
        workers: int | None = None,
        make_executor: Callable[[], "Executor"] | None = None,
        location: "Location | None" = None,
        listener: "Listener | None" = None,
    ) -> dict[str, Any]:
        """Run what is not finished yet in the study's folder; the content of results.json.

        By default local processes train, one a core or as many as `workers`: they import the program that
        calls this, so the call must stand below `if __name__ == "__main__":`. `make_executor` makes another
        executor, `location` is where the record is kept if not in the folder, and
        `listener` is told of the progress of the study. Raises: as `run_plan`.
        """
        from fastweights.studies.execution.coordinator import run_plan
        from fastweights.studies.execution.listener import Quiet
        from fastweights.studies.execution.local import LocalExecutor

        store = run_plan(
            Path(directory),
            "python",
            self.plan,
            make_executor or (lambda: LocalExecutor(workers or len(available_cores()))),
            listener or Quiet(),
            location=location,
            file="",
        )
        return store.results()


def _check_seeds(name: str, seeds: Sequence[int]) -> None:
    check(len(seeds) > 0, f"{name} must be at least one seed")
    for seed in seeds:
        check_between(name, seed, 0, MAX_SEED)
    check(len({*seeds}) == len(seeds), f"{name} must be different; got {shown(list(seeds))}")
