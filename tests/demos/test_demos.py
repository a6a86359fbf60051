"""The demos: what they measure is what the theory says, what is drawn is what the CSV holds, and knobs have
ranges."""

import csv
import dataclasses
import json
import struct

import numpy as np
import pytest
from matplotlib.figure import Figure

from fastweights import registry
from fastweights.cli.main import main
from fastweights.demos import Curve, Demo, Demonstration, Graph
from fastweights.demos.capacity import Capacity
from fastweights.demos.gradients import Gradients
from fastweights.demos.hopfield import HopfieldRecall
from fastweights.demos.tables import data_table, short_table
from fastweights.errors import InvalidValueError, UnknownNameError
from fastweights.registry import register_demo
from fastweights.report.check_figures import draw_panel, styles_of

SMALL = {
    "capacity": Capacity(units=8, pairs=12, repeats=40, memories=("outer-product", "pseudo-inverse")),
    "gradients": Gradients(cells=("irnn",), hidden_size=6, steps=5, sequences=2),
    "hopfield": HopfieldRecall(units=40, patterns=4, networks=2),
}


def demo(capsys, *arguments, code=0):
    with pytest.raises(SystemExit) as end:
        main(["demo", *map(str, arguments)])
    assert end.value.code == code
    return capsys.readouterr()


def words(of: Demo) -> list[str]:
    """The knobs as arguments."""
    found = []
    for field in dataclasses.fields(of):
        value = getattr(of, field.name)
        values = value if isinstance(value, tuple) else (value,)
        found += [f"--{field.name.replace('_', '-')}", *map(str, values)]
    return found


def test_the_mean_error_of_hebbs_memory_is_the_formula():
    """(N − 1)/R, up to four standard errors; and max(0, 1 − R/N) of the pseudo-inverse."""
    hebb, best = SMALL["capacity"].demonstrate().graphs[0].curves
    counts = np.array(hebb.x)
    assert list(counts) == list(range(1, 13))
    np.testing.assert_allclose(hebb.theory, (counts - 1) / 8, atol=1e-12)
    assert np.all(abs(hebb.y - (counts - 1) / 8) <= 4 * hebb.standard_error + 1e-12)
    np.testing.assert_allclose(best.theory, np.maximum(0, 1 - 8 / counts), atol=1e-12)
    assert np.max(best.y[:8]) < 1e-12 < np.min(best.y[8:])


@pytest.mark.thorough
def test_knobs_reach_the_memories():
    knobs = {"units": 8, "pairs": 6, "repeats": 20}
    forgetful = Capacity(**knobs, decay=0.2, memories=("decaying", "gated")).demonstrate().graphs[0].curves
    np.testing.assert_allclose(forgetful[0].y, forgetful[1].y, rtol=1e-12)
    assert np.all(abs(forgetful[0].y - forgetful[0].theory) <= 4 * forgetful[0].standard_error + 1e-12)
    vague, sharp = (
        Capacity(**knobs, beta=beta, memories=("softmax-hopfield",)).demonstrate().graphs[0].curves[0].y
        for beta in (0.1, 30)
    )
    assert vague[-1] > 0.5 > 0.01 > sharp[-1]


def test_the_gradient_of_an_irnn_is_its_recurrent_matrix():
    """W = ½ I: every step halves it where units are active, and none is larger than the bound."""
    (curve,) = SMALL["gradients"].demonstrate().graphs[0].curves
    np.testing.assert_allclose(curve.theory, 0.5 ** np.array(curve.x), rtol=1e-12)
    assert np.all(curve.y <= curve.theory * (1 + 1e-12))
    assert curve.y[0] == 0.5


@pytest.mark.thorough
def test_the_forget_bias_and_the_decay_reach_their_cells():
    def last(**knobs):
        shown = Gradients(cells=("lstm", "fast-weights"), hidden_size=8, steps=12, sequences=2, **knobs)
        return [curve.y[-1] for curve in shown.demonstrate().graphs[0].curves]

    default, open_gate, no_decay = last(), last(forget_bias=6.0), last(decay=1.0)
    assert open_gate[0] > 10 * default[0] and open_gate[1] == default[1]
    assert no_decay[0] == default[0] and no_decay[1] != default[1]


@pytest.mark.thorough
def test_recall_of_few_patterns_is_right_and_the_energy_falls():
    recall, energy = SMALL["hopfield"].demonstrate().graphs
    (overlaps,) = recall.curves
    assert overlaps.y[0] == 1.0  # a single pattern is recalled whatever its signs
    assert overlaps.theory[0] == pytest.approx(1, abs=1e-6)
    for curve in energy.curves:
        assert np.all(np.diff(curve.y) <= 0)


@pytest.mark.parametrize(
    "name", [n if n == "capacity" else pytest.param(n, marks=pytest.mark.thorough) for n in SMALL]
)
def test_the_csv_is_what_is_drawn(name, tmp_path, capsys):
    shown = SMALL[name].demonstrate()
    out = demo(capsys, name, *words(SMALL[name]), "--csv", tmp_path / "numbers.csv").out
    rows = list(csv.DictReader((tmp_path / "numbers.csv").open(encoding="utf-8")))
    assert shown.seen in " ".join(out.split())
    panels = [graph.panel() for graph in shown.graphs]
    found = 0
    for graph, panel in zip(shown.graphs, panels, strict=True):
        axes = Figure().subplots()
        draw_panel(panel, axes, styles_of(panels))
        drawn = [np.transpose(line.get_data()) for line in axes.lines]
        of_graph = [row for row in rows if row["graph"] == f"{graph.y_label} against {graph.x_label}"]
        curves = {row["curve"]: [] for row in of_graph}
        for row in of_graph:
            curves[row["curve"]].append([float(row[key] or "nan") for key in ("x", "y", "theory")])
        written = []
        for points in map(np.array, curves.values()):
            written.append(points[:, :2])
            written += [points[:, ::2]] * bool(np.isfinite(points[:, 2]).any())
        assert len(drawn) == len(written)
        for line, points in zip(drawn, written, strict=True):
            np.testing.assert_array_equal(line, points)
        found += len(of_graph)
    assert found == len(rows)


@pytest.mark.thorough
def test_the_figure_is_to_be_projected_and_equal_knobs_give_equal_bytes(tmp_path, capsys):
    name = "capacity"
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        files = ["--out", tmp_path / folder / "f.png", "--csv", tmp_path / folder / "f.csv"]
        out = demo(capsys, name, *words(SMALL[name]), *files).out
        assert f"wrote {tmp_path / folder / 'f.png'}" in out
    for file in ("f.png", "f.csv"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()
    width, height = struct.unpack(">II", (tmp_path / "a" / "f.png").read_bytes()[16:24])
    assert (width, height) == (2560, 1440)


@pytest.mark.thorough
def test_svg_and_json(tmp_path, capsys):
    figure = tmp_path / "f.svg"
    told = json.loads(demo(capsys, "hopfield", *words(SMALL["hopfield"]), "--out", figure, "--json").out)
    assert told["demo"] == "hopfield" and told["options"]["units"] == 40
    assert told["seen"] == SMALL["hopfield"].demonstrate().seen
    curve = told["graphs"][0]["curves"][0]
    assert len(curve["x"]) == len(curve["y"]) == len(curve["theory"])
    text = figure.read_text(encoding="utf-8")
    assert "overlap m" in text and "Energy of one recall" in text


def test_the_list_names_every_demo_and_its_knobs(capsys):
    text = demo(capsys).out
    told = json.loads(demo(capsys, "--json").out)["demos"]
    assert [entry["name"] for entry in told] == list(registry.demos) == sorted(SMALL)
    for entry in told:
        assert entry["statement"] in text and entry["source"] in text
    assert "--units 64 --pairs 80 --decay 0.95" in text


@pytest.mark.thorough
def test_a_demo_is_one_file(tmp_path, capsys):
    """A plugin's, with a knob, everywhere."""
    (tmp_path / "halving.py").write_text(
        "from dataclasses import dataclass\n"
        "from fastweights.demos import Curve, Demo, Demonstration, Graph, register_demo\n"
        "@register_demo('halving', source='this test, 2026')\n"
        "@dataclass(frozen=True)\n"
        "class Halving(Demo):\n"
        "    statement = 'Halves vanish.'\n"
        "    ratio: float = 0.5\n"
        "    def measure(self):\n"
        "        n = range(4)\n"
        "        curve = Curve('power', n, [self.ratio**i for i in n])\n"
        "        return Demonstration([Graph('Powers', 'n', 'power', [curve])], '', 'They vanish.')\n"
    )
    from plugins.isolation import nothing_loaded

    with nothing_loaded():
        out = demo(capsys, "halving", "--plugin", tmp_path / "halving.py", "--ratio", "0.25").out
    assert "0.016" in out and "They vanish." in out


def test_the_short_table_has_what_is_expected_below_what_was_measured():
    curve = Curve("sum", [1, 2], [0.1234567, 2.0], theory=[0.125, np.nan])
    graph = Graph("Sums", "n", "error", [curve])
    assert short_table(graph).rows == [["sum", "0.123", "2.000"], ["  theory", "0.125", "–"]]
    rows = data_table(Demonstration([graph], "", "")).rows
    assert rows == [
        ["error against n", "sum", "1", "0.1234567", "", "0.125"],
        ["error against n", "sum", "2", "2.0", "", ""],
    ]


@pytest.mark.parametrize(
    ("kind", "knobs", "told"),
    [
        (Capacity, {"units": 1}, "units must be between 2 and 256; got 1"),
        (Capacity, {"pairs": 10**6}, "pairs must be between 2 and 512; got 1000000"),
        (Capacity, {"decay": 1.5}, "decay must be between 0 and 1; got 1.5"),
        (Capacity, {"beta": 0.0}, "beta must be positive"),
        (Capacity, {"memories": ("hopfield",)}, "hopfield stores patterns"),
        (Capacity, {"memories": ()}, "at least one"),
        (Gradients, {"steps": 2}, "steps must be between 3 and 150; got 2"),
        (Gradients, {"cells": ("associative-lstm",), "hidden_size": 7}, "a multiple of 2"),
        (HopfieldRecall, {"flipped": float("nan")}, "flipped must be between 0 and 1; got nan"),
        (HopfieldRecall, {"seed": -1}, "seed must be between 0 and"),
    ],
)
def test_a_knob_out_of_its_range_is_refused(kind, knobs, told):
    with pytest.raises(InvalidValueError, match=told):
        kind(**knobs)


def test_unknown_names_are_refused():
    with pytest.raises(UnknownNameError, match="outer-product"):
        Capacity(memories=("outer-produkt",))
    with pytest.raises(InvalidValueError, match="gla carries matrices alone"):
        Gradients(cells=("gla",), hidden_size=4, steps=4, sequences=2).demonstrate()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ("capacty", "did you mean 'capacity'"),
        ("--units 5", "missing the demo's name; known: capacity, gradients, hopfield"),
        ("gradients --beta 3", "--beta is an option of capacity, not of gradients"),
        ("capacity --units 0", "units must be between 2 and 256; got 0"),
        ("capacity --unit 8", "did you mean '--units'"),
        ("capacity --out f.pdf", "must end in .png or .svg; got 'f.pdf'"),
        ("capacity --csv f.txt", "--csv is a file that ends in .csv; got 'f.txt'"),
        ("capacity --csv -", "--csv - is not supported by demo"),
        ("capacity --out there/is/none.png", "there is no folder"),
        ("capacity hopfield", "unexpected argument 'hopfield'"),
    ],
)
def test_a_mistake_is_one_line_and_nothing_is_written(arguments, told, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    out, err = demo(capsys, *arguments.split(), code=2)
    assert not out and told in err and err.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_what_is_no_demo_cannot_be_registered():
    with pytest.raises(InvalidValueError, match="lacks measure, statement"):

        @register_demo("empty", source="this test, 2026")
        @dataclasses.dataclass(frozen=True)
        class Empty(Demo):
            pass
