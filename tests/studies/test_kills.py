"""Real worker processes: whoever is killed, the study ends with the bits of an undisturbed one."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from fastweights.studies.coordinator import RUNS, run_study
from fastweights.studies.executors import LocalExecutor
from fastweights.studies.specification import DataOptions, RunSpecification
from fastweights.studies.store import Store
from fastweights.tasks.associative_retrieval import AssociativeRetrieval
from fastweights.training import checkpoint
from fastweights.training.options import TrainingOptions
from processes import all_gone, wait_until, workers_of

UPDATES = 2_000
SPECIFICATIONS = [
    RunSpecification(
        AssociativeRetrieval(num_pairs=1),
        "irnn",
        3,
        training=TrainingOptions(updates=UPDATES, batch_size=8, evaluate_every=20),
        data=DataOptions(train=200, validation=26, test=30),
        seed=seed,
    )
    for seed in range(2)
]


class Silent:
    """A listener that only lets `at` know, once, that a run is well on its way."""

    def __init__(self, at=lambda: None):
        self.at, self.told = at, False

    def planned(self, runs):
        pass

    def progressed(self, run, update, validation_error):
        if update >= 100 and not self.told:
            self.told = True
            self.at()

    def ended(self, run, outcome):
        pass


def study(folder: Path, at=lambda: None) -> int:
    """Run the study to its end; the number of pools that it took."""
    pools = []

    def make():
        pools.append(LocalExecutor(2))
        return pools[-1]

    run_study(folder, "smoke", SPECIFICATIONS, make, Silent(at))
    return len(pools)


def results(folder: Path):
    """All that must not depend on what happened to the processes."""
    found = {}
    for run in Store(folder).runs():
        assert run.state == "finished"
        arrays, about = checkpoint.load(folder / RUNS / f"{run.identifier}.safetensors")
        assert about["outcome"] == run.outcome
        timeless = {name: value for name, value in run.outcome["result"].items() if name != "seconds"}
        weights = {name: (str(array.dtype), array.tobytes()) for name, array in arrays.items()}
        found[run.identifier] = weights, run.outcome["curve"], timeless
    assert not list((folder / RUNS).glob("*.partial"))
    return found


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("undisturbed")
    assert study(folder) == 1
    found = results(folder)
    assert len(found) == len(SPECIFICATIONS)
    assert all(len(curve) == UPDATES // 20 for _, curve, _ in found.values())
    return found


def test_a_killed_worker_costs_nothing(undisturbed, tmp_path):
    pools = study(tmp_path, lambda: os.kill(workers_of(os.getpid())[0], signal.SIGKILL))
    assert pools == 2
    assert results(tmp_path) == undisturbed


COORDINATOR = """
import json, sys
from pathlib import Path
from fastweights.studies.coordinator import run_study
from fastweights.studies.executors import LocalExecutor
from fastweights.studies.specification import RunSpecification

class Silent:
    planned = progressed = ended = lambda *arguments: None

specifications = [RunSpecification.from_json(each) for each in json.loads(sys.argv[2])]
run_study(Path(sys.argv[1]), "smoke", specifications, lambda: LocalExecutor(2), Silent())
"""


def test_a_killed_coordinator_costs_nothing_and_leaves_nobody(undisturbed, tmp_path):
    plan = json.dumps([each.to_json() for each in SPECIFICATIONS])
    coordinator = subprocess.Popen([sys.executable, "-c", COORDINATOR, str(tmp_path), plan])
    try:
        wait_until(lambda: list((tmp_path / RUNS).glob("*.partial")))
        workers = workers_of(coordinator.pid)
    finally:
        coordinator.kill()
        coordinator.wait()
    assert workers
    wait_until(lambda: all_gone(workers), 10)
    assert "running" in [run.state for run in Store(tmp_path).runs()]
    study(tmp_path)
    assert results(tmp_path) == undisturbed


@pytest.mark.slow
def test_an_interrupted_study_stops_soon_and_leaves_nobody(undisturbed, tmp_path):
    def interrupt():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        study(tmp_path, interrupt)
    assert not workers_of(os.getpid())
    assert [run.state for run in Store(tmp_path).runs()] == ["running", "running"]
    assert list((tmp_path / RUNS).glob("*.partial"))
    study(tmp_path)
    assert results(tmp_path) == undisturbed
