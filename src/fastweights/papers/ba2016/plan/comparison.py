"""Section 4.1 of Ba et al. 2016 in full: search, table, Figure 2, and what the comparison leaves open."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastweights import registry
from fastweights.errors import check, check_choice
from fastweights.papers.ba2016.names import Stage
from fastweights.papers.ba2016.plan.inspect_networks import inspect_networks
from fastweights.papers.ba2016.plan.stages import MODELS, STAGES, Stages
from fastweights.runs.specification import DataOptions
from fastweights.studies.analysis.runs import Record
from fastweights.studies.plans import Choice, Plan, Planned
from fastweights.studies.search import SAMPLERS
from fastweights.studies.study import Preset
from fastweights.tasks.associative_retrieval import AssociativeRetrieval

_OTHER_NAMES = {"as-published": Stage.AS_PUBLISHED}


@dataclass(frozen=True)
class Comparison(Preset):
    """The whole comparison. `shorten` divides every number of updates: for trials of the study itself."""

    sizes: Sequence[int] = (20, 50, 100)
    data: DataOptions = DataOptions()
    shorten: int = 1

    def plan(self, choice: Choice) -> Plan:
        """The runs that can be named so far; those of a later stage when what selects its settings has ended.

        `choice.seeds` replaces the number of seeds of the table and of Figure 2; stages that a chosen stage
        rests on are run too.
        Raises: InvalidValueError or UnknownNameError for what is unknown or out of range.
        """
        check(choice.seeds is None or choice.seeds >= 1, f"seeds must be at least 1; got {choice.seeds}")
        check(choice.seeds is None or choice.seeds <= 10, f"seeds must be at most 10; got {choice.seeds}")
        check(
            choice.task in (None, AssociativeRetrieval()),
            "the presets of this paper always use the paper's task; leave out --task and the task's options",
        )
        check_choice("sampler", choice.sampler, SAMPLERS)
        stages = [_OTHER_NAMES.get(name, name) for name in choice.parts]
        for stage in stages:
            check_choice("part", stage, tuple(STAGES))
        for model in choice.models:
            registry.cells[model]
        models = tuple(dict.fromkeys(choice.models or MODELS))
        sizes = tuple(dict.fromkeys(choice.hidden_sizes or self.sizes))

        def plan(known: Mapping[str, Record]) -> list[Planned]:
            asked = models, sizes, choice.seeds, choice.sampler, self.data, self.shorten, known
            return list(Stages(*asked, chosen=list(map(Stage, stages))).runs())

        return plan

    def after(self, folder: Path, results: Mapping[str, Any]) -> None:
        """Write what the trained networks of the table do with a few sequences, for the report's figures."""
        inspect_networks(folder, results)


PAPER = Comparison()
"""Section 4.1 in full: a day and a half on two cores."""
PAPER_SMOKE = Comparison(
    sizes=(20, 50),
    data=DataOptions(train=20_000, validation=1_000, test=2_000),
    shorten=1_000,
)
"""Every stage with a thousandth of its updates, for tests."""
