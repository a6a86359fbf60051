"""The figures of a comparison: which there are, and what each shows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fastweights.papers.ba2016.findings.stages import place_settings
from fastweights.papers.ba2016.inspection import InspectedModel
from fastweights.papers.ba2016.names import Stage
from fastweights.papers.ba2016.page.ablation_figures import ablations_figure, pairs_and_steps_figure
from fastweights.papers.ba2016.page.ablation_tables import ablation_settings
from fastweights.papers.ba2016.page.attention_figures import attention_figure, memory_figure
from fastweights.papers.ba2016.page.figure_2 import figure_2, figure_2_settings
from fastweights.papers.ba2016.page.heat_maps import heat_maps
from fastweights.report.drawing import save
from fastweights.report.learning_curves import learning_curves
from fastweights.studies.analysis.runs import Record

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class DrawnFigure:
    """A figure that was written."""

    name: str
    """Of its file, without the ending."""
    svg: str
    label: str
    """What it shows, for whoever cannot see it."""
    caption: str


_LABELS = {
    "learning-curves": "Validation error against updates for each model, one panel for each hidden size",
    "figure-2": "Test negative log likelihood against updates for each model at R = 50",
    "ablations": "Updates to 1 % and test error of every choice, one row each",
    "pairs-and-steps": "Error and updates to 1 % by the number of pairs and of inner steps",
    "heat-maps": "Error and updates to 1 % for each decay and write rate",
    "attention": "What each step of a trained network attends to, for several strings",
    "memory": "The fast weight matrix after each symbol of a string",
}
_CAPTIONS = {
    "learning-curves": (
        "Validation error of Table 1's runs while training, on a logarithmic scale that ends in an "
        "exact 0. Thick: the median of the seeds; thin: each seed; a cross: where a run failed. "
        "Triangles: the paper's test error. Dashed: the guessing floor."
    ),
    "figure-2": (
        "Negative log likelihood of the test set, R = 50, at a constant rate, as far as the paper's "
        "axis goes. Line: the median of the seeds; band: from the lowest to the highest."
    ),
    "ablations": (
        "Each dot is a seed, each mark their median; dashed: the defaults. Left, the first evaluation "
        "with a validation error of at most 1 %; right, the test error after the last update. A red "
        "cross: a seed failed."
    ),
    "pairs-and-steps": (
        "Fast weights, R = 50. Each dot is a seed, the line joins their medians; dashed: the guessing floor."
    ),
    "heat-maps": (
        "Fast weights, R = 50: mean test error and median updates to 1 % for each decay λ and write "
        "rate η. The fuller the colour, the lower the number; a red cross: a seed failed."
    ),
    "attention": (
        "Rows are steps from top to bottom, columns what was read before. The fuller the colour, the "
        "larger the share of what the step reads from its memory: η λ^age [h(τ)ᵀ h_s], equation 4. "
        "Framed: the pair that is asked for. Rows without colour read nothing. The strings are the "
        "first of the test set that ask for the first, the second, the third and the fourth pair; the "
        "networks have the median test error of Table 1's seeds."
    ),
    "memory": (
        "A(t) = η Σ λ^(t−τ) h(τ) h(τ)ᵀ after each symbol: R × R entries, units in the order in which "
        "they are most active. The fuller the colour, the larger the entry (square roots)."
    ),
}


def draw_figures(
    runs: Sequence[Record], models: Sequence[InspectedModel], folder: Path
) -> tuple[dict[str, DrawnFigure], list[Path]]:
    """Write what can be drawn so far as NAME.svg, the learning curves and Figure 2 as NAME.png too; returns
    the figures by name, and the paths. Equal records give equal bytes.

    Raises: FileError if a file cannot be written.
    """
    ablations = ablation_settings(runs)
    drawings: dict[str, Callable[[], Figure | None]] = {
        "learning-curves": lambda: _learning_curves(runs),
        "figure-2": lambda: figure_2(figure_2_settings(runs)),
        "ablations": lambda: ablations_figure(ablations),
        "pairs-and-steps": lambda: pairs_and_steps_figure(ablations.get("fast-weights", {})),
        "heat-maps": lambda: heat_maps(runs),
        "attention": lambda: attention_figure(models),
        "memory": lambda: memory_figure(models),
    }
    figures, paths = {}, []
    for name, draw in drawings.items():
        endings = ("svg", "png") if name in ("learning-curves", "figure-2") else ("svg",)
        files = [folder / f"{name}.{ending}" for ending in endings]
        if save(draw, *files):
            paths += files
            svg = files[0].read_text(encoding="utf-8")
            figures[name] = DrawnFigure(name, svg, _LABELS[name], _CAPTIONS[name])
    return figures, paths


def _learning_curves(runs: Sequence[Record]) -> "Figure | None":
    """Of Table 1's settings."""
    table = [run for setting in place_settings(runs, Stage.TABLE).values() for run in setting.runs]
    return learning_curves(table) if any(run.get("curve") for run in table) else None
