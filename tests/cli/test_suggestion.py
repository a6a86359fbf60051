"""The question that `reproduce` suggests for one of its models."""

from types import SimpleNamespace

import pytest

from fastweights import registry
from fastweights.cli.reproduce import suggest_question
from fastweights.runs.specification import RunSpecification
from fastweights.tasks.associative_retrieval import AssociativeRetrieval
from records import record, study


@pytest.mark.parametrize(
    ("errors", "asked"),
    [
        ({"lstm": 0.0, "fast-weights": 0.5}, "fast-weights"),
        ({"lstm": 0.0, "softmax-attention": 0.1, "fast-weights": 0.5}, "softmax-attention"),
        ({"lstm": 0.1, "irnn": 0.2}, "lstm"),
    ],
)
def test_it_is_for_a_model_with_attention_that_errs_least(errors, asked, tmp_path, capsys):
    runs = [record(model, test_error=error) for model, error in errors.items()]
    (tmp_path / "runs").mkdir()
    for run in runs:
        model = run["specification"]["model"]["name"]
        run["specification"] = RunSpecification(
            AssociativeRetrieval(), model, 20, registry.cells[model].Options()
        ).to_json()
        (tmp_path / "runs" / f"{run['id']}.safetensors").touch()
    suggest_question(study(*runs), SimpleNamespace(dir=tmp_path, plugin=("p.py",)))
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("ask it: fastweights answer --plugin p.py ")
    assert f"/{asked}-20-0.001-0.safetensors " in line and line.endswith(" 'c9k8j3f1??c'")


def test_nothing_is_suggested_without_models(tmp_path, capsys):
    suggest_question(study(record()), SimpleNamespace(dir=tmp_path, plugin=()))
    assert capsys.readouterr().out == ""
