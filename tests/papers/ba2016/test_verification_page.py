"""The page and the figures of a comparison: complete, self-contained, and drawn at any moment of a study."""

import json
import re
import sys
from pathlib import Path
from random import Random

import pytest
from matplotlib.figure import Figure

from fastweights.errors import FastweightsError, StudyError
from fastweights.papers.ba2016.findings.table_entries import table_entries
from fastweights.papers.ba2016.findings.typical import typical_runs
from fastweights.papers.ba2016.page.ablation_figures import ablations_figure, pairs_and_steps_figure
from fastweights.papers.ba2016.page.ablation_tables import ablation_settings
from fastweights.papers.ba2016.page.figure_2 import figure_2_settings, losses
from fastweights.papers.ba2016.page.heat_maps import heat_maps
from fastweights.papers.ba2016.page.report import Verification
from fastweights.papers.ba2016.page.verdict_table import rule_text, short_table
from fastweights.papers.ba2016.published import BA_2016
from fastweights.report.documents import fill
from fastweights.report.drawing import logarithmic_ticks, save
from papers.ba2016.comparisons import MODELS, comparison, run, table, unfinished
from papers.ba2016.inspections import inspection
from records import study
from report.test_page import Outline

FIGURES = {"learning-curves", "figure-2", "ablations", "pairs-and-steps", "heat-maps", "attention", "memory"}


def written(results, folder, inspected=True):
    folder.mkdir(exist_ok=True)
    if inspected:
        shown = [each["id"] for each in typical_runs(results["runs"]).values()][:1]
        (folder / "inspection.json").write_text(json.dumps(inspection(run="".join(shown) or "none")))
    paths = Verification(results).write(folder)
    assert {path.name for path in folder.iterdir()} - {"inspection.json"} == {path.name for path in paths}
    return (folder / "report.html").read_text(encoding="utf-8"), {path.name for path in paths}


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """Where the whole comparison is written: the folder, the page's text, the names of the files."""
    folder = tmp_path_factory.mktemp("page")
    return folder, *written(comparison(), folder)


def test_the_page_and_its_figures(page):
    _, text, names = page
    assert names == {f"{name}.svg" for name in FIGURES} | {
        "learning-curves.png",
        "figure-2.png",
        "report.html",
    }
    for expected in (
        "At best, of the paper&#39;s 12 numbers, 6 are reproduced",
        "62.11",
        "61.65",
        "ours lower",
        "where the floor is 61.65 %",
        "fastweights reproduce --preset paper --dir DIR",
        "--parts figure-2",
        "a processor",
        "inner steps S",
        "the loss is not finite at update 7",
        *(f"{name}.svg, by" for name in FIGURES),
    ):
        assert expected in text, expected
    assert len(text) < 3_000_000
    assert Outline(text).tags


def test_one_table_and_one_figure_are_open_and_the_contents_lead_to_every_section(page):
    _, text, _ = page
    shown = re.sub(r"<details>.*?</details>", "", text, flags=re.DOTALL)
    assert shown.count("<table") == shown.count("<svg") == 1
    assert text.count("<table") > 10 and text.count("<svg") == len(FIGURES)
    contents = re.findall(r'href="#([\w-]+)"', shown[: shown.index("</nav>")])
    assert contents == re.findall(r'<section id="([\w-]+)"', text) and len(contents) == 8


def test_a_legend_explains_the_verdicts_that_there_are():
    entries = table_entries(comparison()["runs"])
    words = {entry.verdict.word for entry in entries if entry.verdict}
    assert set(re.findall(r"(?:^|[.;] )([a-z ]+): ", rule_text(entries))) == words and "open" not in words
    only_open = table_entries([run("lstm", 20, seed, "table", state="waiting") for seed in range(3)])
    assert rule_text(only_open) == "open: the runs to be judged have not all ended."
    (row,) = short_table(only_open).rows
    assert row == ["20", "LSTM", "open", "", "60.81", "", "0 of 3 runs have ended"]


def test_the_page_needs_nothing_else(page):
    _, text, _ = page
    for tag, attributes in Outline(text).tags:
        assert tag not in ("script", "link", "img", "iframe", "object")
        for name in ("src", "href", "xlink:href"):
            value = attributes.get(name) or "#"
            inside = value.startswith("#") or (tag == "image" and value.startswith("data:image/png;base64,"))
            assert inside or (tag == "a" and value == BA_2016.address)
    assert "@import" not in text
    assert all(target.startswith("#") for target in re.findall(r"url\(['\"]?([^)]*)", text))


def test_equal_records_give_equal_bytes(page, tmp_path):
    folder, _, _ = page
    written(comparison(), tmp_path)
    for path in folder.iterdir():
        assert path.read_bytes() == (tmp_path / path.name).read_bytes(), path.name


def test_a_page_of_the_table_alone_says_what_is_to_come(tmp_path):
    text, _ = written(study(*table("lstm", 20), preset="paper"), tmp_path, inspected=False)
    assert "Runs of equal parameters and of equal state are to come." in text


def test_the_page_counts_runs_of_earlier_plans_apart(tmp_path):
    made = comparison()
    before = len(made["runs"])
    made["runs"] += [{**run("lstm", 20, 900 + i, "table"), "roles": []} for i in range(3)]
    text, _ = written(made, tmp_path)
    assert f"{before} runs:" in text and "3 more belong to earlier plans" in text


def test_only_typical_networks_are_shown_from_inside(tmp_path):
    """Once the committed file was of another study's, and said to be of this one's."""
    (tmp_path / "inspection.json").write_text(json.dumps(inspection(run="of-another")))
    paths = Verification(comparison()).write(tmp_path)
    assert not {"attention.svg", "memory.svg"} & {path.name for path in paths}
    assert "There is no inspection.json of Table 1" in (tmp_path / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "keep", [0, 60, *(pytest.param(n, marks=pytest.mark.thorough) for n in (10, 110, 160))]
)
def test_an_unfinished_study_has_a_page_that_says_what_is_missing(keep, tmp_path):
    text, _ = written(unfinished(comparison(), keep), tmp_path, inspected=False)
    assert "runs finished" in text
    assert "There is no inspection.json of Table 1" in text
    Outline(text)


@pytest.mark.parametrize("seed", [0, 1, *(pytest.param(n, marks=pytest.mark.thorough) for n in (2, 3, 4))])
def test_any_part_of_a_study_can_be_drawn(seed, tmp_path):
    random, made = Random(seed), comparison()
    runs = random.sample(made["runs"], random.randrange(1, 80))
    Outline(written({**made, "runs": runs}, tmp_path, inspected=False)[0])


@pytest.mark.thorough
def test_one_run_is_enough_or_too_little_for_each_figure(tmp_path):
    for part in ("search", "table", "figure-2", "ablations", "heat-map", "letter", "more-updates", "matched"):
        for state in ("finished", "failed", "waiting"):
            made = run("fast-weights", 50, 1, part, state=state, test_curve=True)
            written(study(made, preset="paper"), tmp_path / f"{part}-{state}", inspected=False)


def test_whatever_a_name_holds_is_text(tmp_path):
    hostile = "</title></svg><script>alert(1)</script>\"'$&{{ 7*7 }}"
    runs = [
        *(run(hostile, 20, i, "table", state="finished") for i in range(2)),
        run(hostile, 50, 0, "figure-2", test_curve=True),
        run(hostile, 50, 0, "ablations", choice=hostile, value=hostile),
        run(hostile, 50, 1, "more-data", sequences=hostile),
        run(hostile, 50, 2, "matched", criterion=hostile, budget=3),
        run(hostile, 50, 3, "table", state="failed"),
    ]
    runs[-1]["failure"] = hostile
    runs[0]["environment"] = {hostile: hostile}
    text, _ = written(study(*runs, preset=hostile), tmp_path)
    assert all(tag != "script" for tag, _ in Outline(text).tags)
    assert "<script" not in text
    assert "{{ 7*7 }}" in text


def test_figure_2_follows_the_test_set(tmp_path):
    made = run("lstm", 50, 20, "figure-2", errors=(0.6, 0.0), test_curve=True)
    assert losses(made) == {500: pytest.approx(2.3 * 0.6), 1000: 1e-7}
    assert losses(run("lstm", 50, 20, "figure-2")) == {}
    assert list(figure_2_settings(comparison()["runs"])) == [
        "irnn",
        "lstm",
        "associative-lstm",
        "fast-weights",
    ]


def dots(svg):
    """How many half-transparent marks there are: seeds."""
    return len(re.findall(r"<use [^>]*fill-opacity: 0.5", svg))


def test_drawings_show_what_they_should(tmp_path):
    runs = comparison()["runs"]
    ablations, path = ablation_settings(runs), tmp_path / "a.svg"
    assert save(lambda: ablations_figure(ablations), path)
    svg = path.read_text()
    # Three seeds twice for five values; failed ones once; one in the legend.
    assert dots(svg) == 3 * 2 * 5 + 3 + 1
    assert "pairs K" not in svg and "a seed failed" in svg
    assert "never" in svg
    assert save(lambda: pairs_and_steps_figure(ablations["fast-weights"]), path)
    svg = path.read_text()
    assert dots(svg) == 3 * 2 * 4
    for text in ("pairs K", "inner steps S", "guessing floor"):
        assert f">{text}<" in svg
    assert save(lambda: heat_maps(runs), path)
    svg = path.read_text()
    assert svg.count("fill: #d55e00") == 6 + 3  # two maps of six cells; where it is never, there is no colour
    assert svg.count(">never<") == 3
    assert svg.count(">0.60<") == 3 and svg.count(">1.00<") == 3
    Outline(svg[svg.index("<svg") :])
    nothing = tmp_path / "b.svg"
    for draw, empty in ((ablations_figure, {}), (pairs_and_steps_figure, {}), (heat_maps, [])):
        assert not save(lambda draw=draw, empty=empty: draw(empty), nothing) and not nothing.exists()


def test_a_legend_names_only_what_is_drawn(tmp_path):
    runs = [run for run in comparison()["runs"] if run["state"] != "failed"]
    save(lambda: ablations_figure(ablation_settings(runs)), tmp_path / "a.svg")
    assert "a seed failed" not in (tmp_path / "a.svg").read_text()


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0.0005, 0.2, ["10⁻³", "0.01", "0.1"]),
        (1, 50, ["1", "3", "10", "30"]),
        (1, 4, ["1", "1.5", "2", "3"]),
    ],
)
def test_a_short_logarithmic_axis_has_more_ticks(low, high, ticks):
    ax = Figure().subplots()
    ax.set(xscale="log", xlim=(low, high))
    logarithmic_ticks(ax.xaxis)
    ax.figure.draw_without_rendering()
    places = zip(ax.xaxis.get_majorticklocs(), ax.xaxis.get_majorticklabels(), strict=True)
    shown = [label.get_text() for place, label in places if low <= place <= high]
    assert set(ticks) <= set(shown) and len(shown) < 9


def test_tables_go_to_their_places_in_a_document(tmp_path):
    path = tmp_path / "table1.md"
    path.write_text(
        "# Mine\n\n<!-- table: verdicts -->\nearlier words\n<!-- end of table -->\n\nwords\n\n"
        "<!-- table: conclusions -->\n<!-- end of table -->\n"
    )
    fill(path, Verification(comparison()).documents(), "study")
    once = path.read_text()
    assert "earlier words" not in once and "\n\nwords\n\n" in once
    assert "| 20 | IRNN | 61.8 | 59.3–64.3 |" in once
    assert "**Fast weights need fewer units than an LSTM.** Open." in once
    fill(path, Verification(comparison()).documents(), "study")
    assert path.read_text() == once
    assert set(Verification(study(*table("lstm", 20))).documents()) >= {
        "answer",
        "progress",
        "conclusions",
        "verdicts",
    }


def test_a_document_without_places_is_refused(tmp_path):
    path = tmp_path / "a.md"
    for content in (b"# nothing\n", b"\xff\xfe"):
        path.write_bytes(content)
        with pytest.raises(FastweightsError, match=r"a\.md"):
            fill(path, Verification(comparison()).documents(), "study")
        assert path.read_bytes() == content


def test_a_damaged_inspection_is_one_line(tmp_path):
    (tmp_path / "inspection.json").write_text('{"format": 1, "models": 3}')
    with pytest.raises(StudyError, match=r"inspection\.json is damaged"):
        Verification(comparison()).write(tmp_path)


def test_the_module_is_where_it_should_be():
    assert "jax" not in Path(sys.modules["fastweights.papers.ba2016.page.report"].__file__ or "").read_text()


def test_every_place_of_the_documentation_is_known():
    text = (Path(__file__).parents[3] / "docs" / "table1.md").read_text(encoding="utf-8")
    named = re.findall(
        r"^<!-- table: ([\w-]+) -->\n(?:.*?)^<!-- end of table -->$", text, re.MULTILINE | re.DOTALL
    )
    assert text.count("<!-- table: ") == len(named) > 10
    assert set(named) - {f"ablations-{model}" for model in MODELS} <= set(
        Verification(comparison()).documents()
    )
