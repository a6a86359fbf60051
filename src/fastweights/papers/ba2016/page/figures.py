"""The figures of a comparison."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fastweights.papers.ba2016.findings.stages import place_settings
from fastweights.papers.ba2016.findings.typical import typical_runs
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


def draw_figures(runs: Sequence[Record], models: Sequence[InspectedModel], folder: Path) -> list[Path]:
    """Write what can be drawn so far as NAME.svg, the learning curves and Figure 2 as NAME.png too; returns
    the paths. Of the models only typical ones are drawn. Equal records give equal bytes.

    Raises: FileError if a file cannot be written.
    """
    ablations = ablation_settings(runs)
    typical = {run["id"] for run in typical_runs(runs).values()}
    models = [model for model in models if model.run in typical]
    drawings: dict[str, Callable[[], Figure | None]] = {
        "learning-curves": lambda: _learning_curves(runs),
        "figure-2": lambda: figure_2(figure_2_settings(runs)),
        "ablations": lambda: ablations_figure(ablations),
        "pairs-and-steps": lambda: pairs_and_steps_figure(ablations.get("fast-weights", {})),
        "heat-maps": lambda: heat_maps(runs),
        "attention": lambda: attention_figure(models),
        "memory": lambda: memory_figure(models),
    }
    paths: list[Path] = []
    for name, draw in drawings.items():
        endings = ("svg", "png") if name in ("learning-curves", "figure-2") else ("svg",)
        files = [folder / f"{name}.{ending}" for ending in endings]
        paths += files if save(draw, *files) else []
    return paths


def _learning_curves(runs: Sequence[Record]) -> "Figure | None":
    """Of Table 1's settings."""
    table = [run for setting in place_settings(runs, Stage.TABLE).values() for run in setting.runs]
    return learning_curves(table) if any(run.get("curve") for run in table) else None
