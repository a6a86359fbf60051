"""The progress of a study, on stderr: a bar for each run."""

import sys
from collections.abc import Sequence

from fastweights.cli.progress import Bars
from fastweights.report.labels import last_line
from fastweights.runs.worker import Outcome
from fastweights.studies.record.store import Run


class StudyProgress:
    """The coordinator's listener: a bar for each run that is trained."""

    def __init__(self, bars: Bars) -> None:
        self._bars = bars
        self._planned = 0

    def planned(self, runs: Sequence[Run]) -> None:
        before, self._planned = self._planned, len(runs)
        finished = sum(run.state == "finished" for run in runs)
        over = finished + sum(run.state == "failed" for run in runs)
        if before:
            print(f"{len(runs) - before} more runs follow from the results", file=sys.stderr)
        elif finished:
            print(f"{finished} of {len(runs)} runs are finished already", file=sys.stderr)
        if 1 < len(runs) > over:
            self._bars.add_total(len(runs), over)

    def began(self, run: Run) -> None:
        model, training = run.specification["model"], run.specification["training"]
        name = f"{model['name']} R={model['hidden_size']} seed {run.specification['seed']}"
        self._bars.add(run.identifier, name, training["updates"])

    def progressed(self, run: Run, update: int, validation_error: float) -> None:
        self._bars.advance(run.identifier, update, validation_error)

    def crashed(self, run: Run, reason: str) -> None:
        self._bars.say(run.identifier, f"{last_line(reason)}; it will be tried again")

    def ended(self, run: Run, outcome: Outcome) -> None:
        self.began(run)
        self._bars.end(run.identifier, failed=outcome["state"] != "finished")
