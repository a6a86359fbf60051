"""How far each stage of the study is."""

from collections.abc import Sequence

from fastweights.papers.ba2016.findings.stages import progress
from fastweights.studies.analysis.runs import Record


def progress_lines(runs: Sequence[Record]) -> list[str]:
    """A line for each stage, after one that says of which runs: that all of these have ended does not end a
    stage, as the plan names the next runs when those before have ended."""
    return ["Of the runs that are named so far:", *progress(runs)]
