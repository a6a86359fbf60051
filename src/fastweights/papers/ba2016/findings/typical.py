"""The networks that are shown from inside: of the table's fast weights, those with the median test error.

They are named by their runs: a network that is trained again on another machine differs in its last digits.
"""

from collections.abc import Sequence

from fastweights.papers.ba2016.findings.stages import place_settings
from fastweights.papers.ba2016.names import Stage
from fastweights.studies.analysis.runs import Record

SIZES = (20, 50)


def typical_runs(runs: Sequence[Record]) -> dict[int, Record]:
    """By size, of the finished runs that are reported; the lower median, and the earlier of equal ones."""
    table = place_settings(runs, Stage.TABLE)
    found = {}
    for size in SIZES:
        setting = table.get(("fast-weights", size))
        finished = setting.ended("finished") if setting else []
        if finished:
            ordered = sorted(finished, key=lambda run: run["result"]["test_error"])
            found[size] = ordered[(len(ordered) - 1) // 2]
    return found
