"""The contract of a paper: what was published, the studies that verify it, and how those are reported.

A paper is a package in `fastweights.papers`, or one of your own, that registers a subclass of `Paper`:

    @register_paper("mine2027", source="A. Mine, A longer memory, 2027")
    class Mine2027(Paper):
        title = "A longer memory"
        publications = (Publication("paper", "Mine 2027", "Table 2", ...),)
        presets = ("mine",)

        def preset(self, name):
            from mine2027.plan import MINE  # a `studies.presets.Preset`

            return MINE

`fastweights reproduce --preset mine` then runs the study, and every table and figure shows the published
numbers beside those of the runs. Commands that only look at results import the module of the class, and do
not wait for JAX: import plans, which need it, within the methods.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fastweights.report.study_report import StudyReport

if TYPE_CHECKING:
    from fastweights.studies.presets import Preset


@dataclass(frozen=True)
class Publication:
    """A source and its numbers."""

    heading: str
    """Of its column in a table, without the unit: `paper`."""

    name: str
    """`Ba et al. 2016`."""

    place: str
    """Where in the source the numbers are: `Table 1`."""

    citation: str
    address: str | None

    task: Mapping[str, Any]
    """The task's name and those of its options that the numbers depend on, as in a specification."""

    test_errors: Mapping[tuple[str, int], float]
    """Percent by (model, hidden size), as printed."""

    def test_error(self, task: Mapping[str, Any], model: str, hidden_size: int) -> float | None:
        """The published test error in percent; None if there is none for this task, model and size."""
        same_task = all(task.get(name) == value for name, value in self.task.items())
        return self.test_errors.get((model, hidden_size)) if same_task else None


class Paper:
    """A published claim. Subclasses override what they have; the class itself is a paper without anything."""

    title: str = ""
    """What the paper's studies are about, in a few words."""

    question: str = ""
    """What they ask, in a sentence or two."""

    publications: Sequence[Publication] = ()
    """The paper's own numbers, then those of others who repeated it."""

    presets: Sequence[str] = ()
    """Names of its studies."""

    def preset(self, name: str) -> "Preset":
        """The study of that name, one of `presets`."""
        raise NotImplementedError(f"{type(self).__name__} has no preset {name!r}")

    def report(self, results: Mapping[str, Any]) -> StudyReport | None:
        """The paper's own report of one of its studies, from the content of results.json; None, the
        default, for the report that every study has."""
        del results
        return None
