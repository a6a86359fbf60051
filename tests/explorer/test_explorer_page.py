"""`fastweights explore`: what it writes, what it says, what it refuses."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

import fastweights.explorer.page as pages
from fastweights.cli.main import main
from fastweights.errors import InvalidValueError
from fastweights.explorer.arrays import read, written
from fastweights.explorer.page import MAX_BYTES, default_networks, docs_beside, page
from fastweights.models import BlockOptions
from fastweights.runs.saved_models import load_model, save_model
from fastweights.runs.specification import RunSpecification
from fastweights.tasks.adding import Adding
from fastweights.tasks.associative_retrieval import AssociativeRetrieval


def explore(line: str, capsys, code: int = 0) -> tuple[str, str]:
    with pytest.raises(SystemExit) as end:
        main(["explore", *line.split()])
    out, err = capsys.readouterr()
    assert end.value.code == code, err
    return out, err


def content_of(html: str) -> dict:
    return json.loads(re.findall(r'<script type="application/json" id="content">(.*?)</script>', html)[0])


def saved(folder: Path, name: str, task=AssociativeRetrieval(), **options) -> Path:
    """A model of four units, not trained."""
    specification = RunSpecification(task=task, model=name, hidden_size=4, **options)
    path = folder / f"{name}.safetensors"
    save_model(path, specification.build_model(), specification=specification)
    return path


def test_one_page_with_the_packages_networks(tmp_path, capsys):
    out, _ = explore(f"--out {tmp_path}/e.html --docs https://example.org/", capsys)
    assert re.fullmatch(
        r"wrote \S+e\.html \(\d+ kB\), with three small trained networks: open it in a browser\n", out
    )
    html = (tmp_path / "e.html").read_text(encoding="utf-8")
    assert len(html.encode()) < MAX_BYTES / 2
    content = content_of(html)
    assert [network["model"] for network in content["networks"]] == ["fast-weights", "lstm", "irnn"]
    assert {network["units"] for network in content["networks"]} == {20}
    assert content["chapters"]["retrieval"] == "https://example.org/theory/fast-weights/"
    assert not content["are_own"]
    assert content["task"]["floor"] == AssociativeRetrieval().floor()


def test_the_chapters_exist(tmp_path):
    docs = docs_beside(tmp_path / "explore.html")
    assert docs is not None
    for address in content_of(page(docs=docs).decode())["chapters"].values():
        assert (tmp_path / address).is_file(), address


def test_nothing_ends_the_script_that_holds_the_content():
    networks = default_networks()
    networks["networks"][0]["name"] = "</script><!-- fast"
    assert content_of(page(networks).decode())["networks"][0]["name"] == "</script><!-- fast"


def test_networks_of_ones_own(tmp_path, capsys):
    task = AssociativeRetrieval(num_pairs=3)
    paths = [saved(tmp_path, name, task) for name in ("fast-weights", "irnn")]
    record, _ = explore(f"{paths[0]} {paths[1]} --out {tmp_path}/e.html --json", capsys)
    assert json.loads(record)["bytes"] == (tmp_path / "e.html").stat().st_size
    content = content_of((tmp_path / "e.html").read_text(encoding="utf-8"))
    assert content["task"]["num_pairs"] == 3
    assert content["are_own"]
    network, model = content["networks"][0], load_model(paths[0]).model
    assert network["name"] == "fast weights"
    assert network["trained"] == network["initial"]
    np.testing.assert_array_equal(read(network["trained"]["recurrent"]), model.cell.recurrent)
    np.testing.assert_array_equal(
        read(network["trained"]["projections"]), model.blocks[0].project(model.symbol_vectors())
    )


@pytest.mark.parametrize(
    ("name", "options", "reason"),
    [
        ("gru", {}, "has the cell 'gru'; those it can show: fast-weights, irnn, lstm, standard-rnn"),
        ("lstm", {"task": Adding()}, "trained for another task than associative-retrieval"),
        ("irnn", {"blocks": BlockOptions(layers=2)}, "has layers, norms or perceptrons around its cell"),
    ],
)
def test_what_it_cannot_show_is_refused_in_one_line(name, options, reason, tmp_path, capsys):
    path = saved(tmp_path, name, **options)
    _, err = explore(f"{path} --out {tmp_path}/e.html", capsys, code=2)
    assert (
        err.startswith(f"fastweights: error: the explorer cannot show {path}: it {reason}") or reason in err
    )
    assert err.count("\n") == 1
    assert not (tmp_path / "e.html").exists()


def test_models_of_different_tasks_are_refused(tmp_path, capsys):
    paths = [saved(tmp_path, "irnn"), saved(tmp_path, "lstm", AssociativeRetrieval(num_pairs=3))]
    _, err = explore(f"{paths[0]} {paths[1]} --out {tmp_path}/e.html", capsys, code=2)
    assert "models of one task" in err


def test_a_page_that_would_be_too_large_is_refused(monkeypatch):
    monkeypatch.setattr(pages, "MAX_BYTES", 10_000)
    with pytest.raises(InvalidValueError, match="name fewer models"):
        page()


def test_arrays_come_back_as_they_were():
    array = np.random.default_rng(0).standard_normal((3, 5)).astype(np.float32)
    np.testing.assert_array_equal(read(written(array)), array)
