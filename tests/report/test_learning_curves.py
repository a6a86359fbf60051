"""The figure's files; what it looks like is for eyes."""

from pathlib import Path

import pytest

from fastweights.report.drawing import save
from fastweights.report.labels import logarithmic_tick
from fastweights.report.learning_curves import learning_curves, panels
from fastweights.studies.analysis.selections import selections
from fastweights.studies.analysis.settings import Setting
from records import mixed_study, record, study


def selected(runs: list[dict]) -> list[Setting]:
    return [selection.selected for selection in selections(runs)]


def drawn(results: dict, folder: Path, name: str = "curves") -> tuple[bytes, bytes]:
    svg, png = folder / f"{name}.svg", folder / f"{name}.png"
    save(lambda: learning_curves(results["runs"]), svg, png)
    return svg.read_bytes(), png.read_bytes()


def test_two_drawings_are_equal_byte_for_byte(tmp_path: Path) -> None:
    first, second = (drawn(mixed_study(), tmp_path, name) for name in ("a", "b"))
    assert first == second
    svg, png = first
    assert svg.startswith(b"<?xml") and png.startswith(b"\x89PNG")
    assert len(png) < 200_000
    for text in (
        b"R = 20",
        b"R = 50",
        b"IRNN",
        b"fast weights",
        b"guessing floor 61.65 %",
        b"Ba et al. 2016",
    ):
        assert text in svg


def test_only_the_selected_setting_is_drawn(tmp_path: Path) -> None:
    selected = record(learning_rate=0.001, validation_errors=(0.5, 0.1))
    other = record(learning_rate=0.002, validation_errors=(0.55, 0.4))
    assert drawn(study(selected, other), tmp_path) == drawn(study(selected), tmp_path)


@pytest.mark.parametrize(
    "results",
    [
        study(),
        study(record(state="waiting", validation_errors=())),
        study(record(state="failed", failure="no", validation_errors=(0.5,))),
        study(record("a $x^ <b> &", validation_errors=(0.0,))),
        study(record("lstm", 10, num_pairs=3), *(record("lstm", size) for size in (10, 20, 50, 100))),
    ],
    ids=["no runs", "no curves", "failed", "hostile", "five panels"],
)
def test_every_study_can_be_drawn(results: dict, tmp_path: Path) -> None:
    svg, _ = drawn(results, tmp_path)
    assert svg.rstrip().endswith(b"</svg>")


def test_errors_that_are_not_numbers_are_left_out(tmp_path: Path) -> None:
    run = record(state="failed", failure="no", validation_errors=(0.5, 0.4, 0.3))
    run["curve"][1][2], run["curve"][2][2] = float("nan"), None
    drawn(study(run), tmp_path)


def test_a_panel_for_each_task_and_size() -> None:
    runs = [record("lstm", 50), record("lstm", 20), record("irnn", 20, num_pairs=8)]
    titles = [title for title, _ in panels(selected(runs))]
    assert titles == ["R = 20, num_pairs 4", "R = 50, num_pairs 4", "R = 20, num_pairs 8"]
    assert [title for title, _ in panels(selected(runs[:2]))] == ["R = 20", "R = 50"]


def test_sizes_that_belong_to_the_models_share_a_panel() -> None:
    runs = [record("lstm", 64), record("irnn", 20), record("lstm", 64, num_pairs=8)]
    shown = panels(selected(runs))
    assert [title for title, _ in shown] == ["R = 20 to 64, num_pairs 4", "R = 64, num_pairs 8"]
    assert [[setting.model for setting in group] for _, group in shown] == [["lstm", "irnn"], ["lstm"]]


@pytest.mark.parametrize("count", [2, 8, 13, 26])
def test_each_of_many_models_can_be_told_and_is_named_inside_the_figure(count: int) -> None:
    names = ["irnn", "lstm", *(f"model-with-a-name-{i}" for i in range(count - 2))]
    figure = learning_curves([record(name) for name in names])
    (legend,) = figure.legends
    lines = legend.get_lines()
    assert len({line.get_label() for line in lines}) == count + 1, "and the paper's marks"
    looks = {(line.get_color(), str(line._dash_pattern)) for line in lines[:count]}
    assert len(looks) == count
    box, panel = legend.get_window_extent(), figure.axes[0].get_tightbbox()
    assert box.x1 <= figure.bbox.x1 and box.y1 <= figure.bbox.y1 + 1
    assert box.y0 >= panel.y1, "above the panel's title"


def test_ticks_of_a_logarithmic_axis_are_short():
    values = [1e-12, 1e-3, 0.01, 1.0, 3.0, 1e3, 1e4, 2e4]
    told = ["10⁻¹²", "10⁻³", "0.01", "1", "3", "1000", "10⁴", "20000"]
    assert [logarithmic_tick(each) for each in values] == told


@pytest.mark.parametrize(("last", "below"), [(0.95, True), (0.63, False), (0.1, False)])
def test_the_floors_label_is_where_no_curve_ends(last, below):
    ax = learning_curves([record(validation_errors=(0.99, last))]).axes[0]
    (label,) = ax.texts
    assert (label.xyann[1] < 0) == below
