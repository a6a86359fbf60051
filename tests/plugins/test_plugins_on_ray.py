"""A plugin on a Ray cluster: its content travels with the workers. Slow: `pytest -m slow tests/plugins`."""

import importlib.util
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

import fastweights as fw
from fastweights import registry
from fastweights.runs.specification import DataOptions, RunSpecification
from fastweights.studies.execution.coordinator import run_plan
from fastweights.studies.plans import fixed
from plugins.isolation import nothing_loaded
from studies.execution.test_kills import Silent

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="Ray is not installed"),
]


def test_workers_on_a_cluster_load_what_the_coordinator_has_loaded(tmp_path):
    """The file is gone before the workers start, as on a node without it."""
    from fastweights.studies.execution.ray.executor import RayExecutor

    file = tmp_path / "my_leaky.py"
    shutil.copy(Path(__file__).parent / "sample_plugin.py", file)
    with nothing_loaded():
        plugin = fw.load_plugin(file)
        file.unlink()
        base = RunSpecification(
            registry.tasks["count-ones"](10),
            "leaky",
            4,
            training=fw.TrainingOptions(updates=20, evaluate_every=10),
            data=DataOptions(train=200, validation=20, test=30),
        )
        runs = [base, replace(base, seed=1)]
        store = run_plan(
            tmp_path / "s",
            "none",
            fixed(runs),
            lambda: RayExecutor(None, tmp_path / "s", workers=2),
            Silent(),
        )
        assert [run.state for run in store.runs()] == ["finished", "finished"]
        for run in store.runs():
            assert run.specification["plugins"] == [{"name": "my_leaky.py", "sha256": plugin.sha256}]
