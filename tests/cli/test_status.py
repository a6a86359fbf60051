"""`fastweights status` says what the record has, wherever it is, without JAX."""

import json
import os
import re
import shlex
import subprocess
import sys

import pytest
from small_study import make_study

from databases import postgresql, storage_url
from fastweights.cli.main import main
from fastweights.cli.options import parse
from fastweights.cli.reproduce import Reproduce
from fastweights.studies.description import get_preset
from fastweights.studies.plans import Choice
from fastweights.studies.record.folder import LOCK, locate
from fastweights.studies.record.locks import hold_lock
from processes import slow_imports


def said(capsys, *arguments, code=0):
    with pytest.raises(SystemExit) as end:
        main(["status", *map(str, arguments)])
    out, err = capsys.readouterr()
    assert end.value.code == code, err
    return out if code == 0 else err


def found(capsys, *arguments):
    return json.loads(said(capsys, *arguments, "--json"))["studies"]


def owning(directory):
    """Own the study as its coordinator does."""
    place = locate(directory)
    if place.storage.one_study:
        return hold_lock(directory / LOCK, "the study")
    return place.storage.owning(place.study)


def test_the_study_of_a_folder(storage_url, tmp_path, capsys):
    make_study(tmp_path / "s", storage_url)
    (study,) = found(capsys, tmp_path / "s")
    assert (study["study"], study["preset"], study["owner"]) == ("s", "smoke", None)
    assert study["states"] == {"finished": 1, "failed": 1, "running": 0, "interrupted": 1, "waiting": 1}
    finished, failed, begun, waiting = study["runs"]
    assert (finished["update"], finished["seconds"]) == (300, 3.0)
    assert failed["failure"].endswith("differ")
    assert (begun["update"], begun["validation_error"], begun["losses"]) == (100, 0.25, 1)
    assert (waiting["update"], waiting["validation_error"]) == (0, None)
    # (200 + 300) updates of LSTMs with R = 50 at 50 a second: the longer of the two alone takes 6 s.
    assert study["seconds_left"] == pytest.approx(6)
    assert (study["update"], study["updates"]) == (400, 900)
    assert study["updates_per_second"] is None
    assert 0 <= study["coordinator"]["signed_seconds_ago"] < 60


def test_an_owned_study_is_at_work(storage_url, tmp_path, capsys):
    make_study(tmp_path / "s", storage_url)
    with owning(tmp_path / "s"):
        (study,) = found(capsys, tmp_path / "s")
        text = said(capsys, tmp_path / "s")
    assert study["owner"].startswith(f"process {os.getpid()} on ")
    assert study["states"]["running"] == 1
    assert study["states"]["interrupted"] == 0
    assert study["updates_per_second"] == 50
    assert study["goes_on"] is None
    assert "1 running" in text
    assert "run at work" in text
    assert "2 (local); a crashed run resumes from its last checkpoint" in text
    assert "none is running" not in text


def test_what_a_person_reads(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    make_study(tmp_path / "s")
    text = said(capsys, tmp_path / "s")
    assert "4: 1 finished, 1 failed, 1 interrupted and 1 waiting" in text
    assert "44 % of 900" in text
    assert "about 6.0 s, once it is continued" in text
    assert "LSTM R=50 seed 0  100 / 300    25.00          –        1" in text
    assert re.search(r"\n  LSTM R=20 seed 1 *\n    ValueError: \[red\]shapes\[/red\] differ", text)
    lines = [line for line in text.splitlines() if str(tmp_path) not in line]
    assert max(map(len, lines)) <= 80


def test_a_reason_is_readable_beside_a_long_name_in_a_narrow_terminal(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "44")
    make_study(tmp_path / "s")
    assert "ValueError: [red]shapes[/red] differ" in said(capsys, tmp_path / "s")


def test_errors_are_written_by_their_kind(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    store = make_study(tmp_path / "s")
    (run,) = (run for run in store.runs() if run.state == "running")
    assert "error %" in said(capsys, tmp_path / "s")
    store.record_errors({run.identifier: {"kind": "squared"}})
    text = said(capsys, tmp_path / "s")
    assert re.search(r"updates +MSE", text) and re.search(r"100 / 300 +0\.25 ", text)
    (study,) = found(capsys, tmp_path / "s")
    assert [each["id"] for each in study["runs"] if each["error_kind"] == "squared"] == [run.identifier]


def test_the_command_that_goes_on_plans_the_same_runs(storage_url, tmp_path, capsys):
    store = make_study(tmp_path / "s", storage_url)
    for arguments in [(tmp_path / "s",)] + [("--storage", storage_url)] * (storage_url is not None):
        (study,) = found(capsys, *arguments)
        words = shlex.split(study["goes_on"])
        options = parse(Reproduce, words[2:], "reproduce")
        choice = Choice(options.models, options.hidden_sizes, options.seeds)
        again = get_preset(options.preset).plan(choice)({})
        assert {each.specification.identifier for each in again} == {run.identifier for run in store.runs()}
        assert study["goes_on"] in said(capsys, *arguments)


def test_every_study_of_a_storage(storage_url, tmp_path, capsys):
    if storage_url is None:
        pytest.skip("a journal has one study")
    for name in ("one", "two"):
        make_study(tmp_path / name, storage_url, name)
    assert [each["study"] for each in found(capsys, "--storage", storage_url)] == ["one", "two"]
    with owning(tmp_path / "two"):
        owners = [each["owner"] for each in found(capsys, "--storage", storage_url)]
    assert owners[0] is None
    assert owners[1]
    (two,) = found(capsys, "--storage", storage_url, "--study", "two")
    assert two["study"] == "two"
    assert "interrupted run" in said(capsys, "--storage", storage_url, "--study", "two")
    assert "interrupted run" not in said(capsys, "--storage", storage_url)


def test_a_finished_study_needs_nobody(tmp_path, capsys, monkeypatch):
    store = make_study(tmp_path / "s")
    for run in store.runs()[2:]:
        store.begin(run)
        store.finish(run, store.runs()[1].outcome)
    text = said(capsys, tmp_path / "s")
    assert "100 % of 300" in text
    assert "none is running" not in text
    assert "reproduce" not in text


@pytest.mark.parametrize(
    "what", ["", "{0}/none", "--storage sqlite:///{0}/none.db", "--storage none", "{0} --nonsense"]
)
def test_bad_input_is_one_line(what, tmp_path, capsys):
    message = said(capsys, *what.format(tmp_path).split(), code=2)
    assert message.startswith("fastweights: error: ")
    assert message.count("\n") == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "damage",
    [
        lambda store, run: store._optuna.set_study_user_attr(store._study, "coordinator", {"seen": "no"}),
        lambda store, run: store._optuna.set_trial_user_attr(run.trial, "specification", {"model": 3}),
    ],
)
def test_a_record_of_something_else_is_one_line(damage, tmp_path, capsys):
    store = make_study(tmp_path / "s")
    damage(store, store.runs()[-1])
    message = said(capsys, tmp_path / "s", code=2)
    assert message.count("\n") == 1
    assert "damaged" in message


def test_it_needs_neither_jax_nor_matplotlib(storage_url, tmp_path):
    make_study(tmp_path / "s", storage_url)
    said, imported = slow_imports(("jax", "matplotlib", "scipy"), "status", str(tmp_path / "s"))
    assert "interrupted run" in said
    assert not imported
