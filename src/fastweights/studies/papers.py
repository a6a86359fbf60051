"""Papers: what was published, the studies that verify it, and how those are reported. Needs no JAX.

A paper is a package in `fastweights.papers`, or one of your own, that registers a subclass of `Paper`:

    @register_paper("mine2027", source="A. Mine, A longer memory, 2027")
    class Mine2027(Paper):
        title = "A longer memory"
        publications = (Publication("paper", "Mine 2027", "Table 2", ...),)
        presets = ("mine",)

        def preset(self, name):
            from mine2027.plan import MINE  # a `studies.study.Preset`

            return MINE

`fastweights reproduce --preset mine` then runs the study, and every table and figure shows the published
numbers beside those of the runs. Commands that only look at results import the module of the class, and do
not wait for JAX: import plans, which need it, within the methods.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from fastweights import registry

if TYPE_CHECKING:
    from rich.console import RenderableType

    from fastweights.report.table import Table


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


class StudyReport(Protocol):
    """What is shown of a study's results, in the shape of results.json."""

    def terminal(self) -> "RenderableType":
        """What a command ends with: the table, within 80 columns."""
        ...

    def tables(self) -> "Mapping[str, Sequence[Table]]":
        """Every table that has a row, by name; several where each task has one."""
        ...

    def page_tables(self) -> Sequence[str]:
        """The names of those on the page, in its order; the others have the same numbers in other columns."""
        ...

    def documents(self) -> Mapping[str, str]:
        """The Markdown of everything that a document can have a place for, by name."""
        ...

    def exports(self) -> Mapping[str, str]:
        """The content of files that the results can be written as, by their endings: `.tex`, `.csv`."""
        ...

    def write(self, folder: Path) -> list[Path]:
        """Write the figures and report.html into the folder; returns their paths.

        Each file is replaced in one step. Equal results give equal bytes.

        Raises: FileError if the folder or a file cannot be written.
        """
        ...


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

    def preset(self, name: str) -> Any:
        """The study of that name, one of `presets`: a `studies.study.Preset`."""
        raise NotImplementedError(f"{type(self).__name__} has no preset {name!r}")

    def report(self, results: Mapping[str, Any]) -> StudyReport | None:
        """The paper's own report of one of its studies, from the content of results.json; None, the
        default, for the report that every study has."""
        del results
        return None


def papers() -> list[Paper]:
    """Every registered paper, by name."""
    return [paper() for paper in registry.papers.values()]


def paper_of(preset: object) -> Paper | None:
    """The paper that the preset of this name belongs to; None if it belongs to none."""
    return next((paper for paper in papers() if preset in paper.presets), None)


def published_errors(
    task: Mapping[str, Any], model: str, hidden_size: int
) -> list[tuple[Publication, float]]:
    """Every published test error, in percent, of this model and size at this task."""
    publications = [publication for paper in papers() for publication in paper.publications]
    errors = [(source, source.test_error(task, model, hidden_size)) for source in publications]
    return [(source, error) for source, error in errors if error is not None]
