"""Real worker processes: whoever is killed, the study ends with the bits of an undisturbed one."""

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from databases import postgresql, storage_url
from fastweights.errors import FileError, StudyError
from fastweights.runs.specification import DataOptions, RunSpecification
from fastweights.studies.execution.coordinator import run_plan
from fastweights.studies.execution.local import LocalExecutor
from fastweights.studies.plans import fixed
from fastweights.studies.record.folder import RUNS, locate
from fastweights.studies.record.store import Store
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
    for seed in range(20)
]
ONE, TWO = SPECIFICATIONS[:1], SPECIFICATIONS[:2]


class Silent:
    """A listener that only calls `at`, once, when a run is well on its way."""

    def __init__(self, at=lambda: None):
        self.at, self.called = at, False

    def planned(self, runs):
        pass

    began = planned

    def ended(self, run, outcome):
        pass

    def crashed(self, run, reason):
        pass

    def progressed(self, run, update, validation_error):
        if update >= 100 and not self.called:
            self.called = True
            self.at()


def study(folder: Path, at=lambda: None, specifications=TWO, url=None, workers=2) -> None:
    """Run the study to its end."""
    plan, place = fixed(specifications), locate(folder, url)
    run_plan(folder, "smoke", plan, lambda: LocalExecutor(workers), Silent(at), location=place)


# Most of the time is the start of processes.
study_of_one = partial(study, specifications=ONE, workers=1)


def results(folder: Path, runs=2):
    """All that must not depend on what happened to the processes."""
    by_run = {}
    for run in stored(folder):
        assert run.state == "finished", run.outcome
        arrays, about = checkpoint.load(folder / RUNS / f"{run.identifier}.safetensors")
        assert about["outcome"] == run.outcome
        timeless = {name: value for name, value in run.outcome["result"].items() if name != "seconds"}
        weights = {name: (str(array.dtype), array.tobytes()) for name, array in arrays.items()}
        curve = {update: error for update, _, error, _ in run.outcome["curve"]}
        assert max(run.points) == max(curve)
        assert run.points.items() <= curve.items()
        by_run[run.identifier] = weights, run.outcome["curve"], timeless
    assert len(by_run) == runs
    assert sorted(os.listdir(folder / RUNS)) == sorted(f"{name}.safetensors" for name in by_run)
    return by_run


def stored(folder: Path):
    place = locate(folder)
    return Store(place.storage, place.study).runs()


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("undisturbed")
    study(folder, workers=1)
    by_run = results(folder)
    assert all(len(curve) == UPDATES // 20 for _, curve, _ in by_run.values())
    return by_run


def assert_as_undisturbed(folder: Path, undisturbed) -> None:
    """The one run has the bits that it has there."""
    ((name, run),) = results(folder, 1).items()
    assert run == undisturbed[name]


@pytest.mark.thorough
def test_a_killed_worker_costs_nothing_and_disturbs_no_other(undisturbed, tmp_path):
    before = []

    def kill():
        before.extend(workers_of(os.getpid()))
        os.kill(before[0], signal.SIGKILL)

    study(tmp_path, kill)
    assert results(tmp_path) == undisturbed
    assert len(before) == 2


@pytest.mark.thorough
def test_a_worker_stopped_while_it_reports_and_killed_disturbs_no_other(undisturbed, tmp_path):
    def stop():
        worker = workers_of(os.getpid())[-1]
        os.kill(worker, signal.SIGSTOP)
        with ThreadPoolExecutor(1) as later:
            later.submit(lambda: (time.sleep(0.5), os.kill(worker, signal.SIGKILL)))

    study(tmp_path, stop)
    assert results(tmp_path) == undisturbed


COORDINATOR = """
import sys
from pathlib import Path
from fastweights.cli.interrupts import catch_signals, interrupt_requested, defer_interrupts

sys.path.insert(0, sys.argv[3])
folder, runs, workers = Path(sys.argv[1]), *map(int, sys.argv[2].split())
try:
    with catch_signals(), defer_interrupts():
        from studies.execution.test_kills import SPECIFICATIONS, Silent
        from fastweights.studies.execution import scheduler
        from fastweights.studies.execution.coordinator import run_plan
        from fastweights.studies.plans import fixed
        from fastweights.studies.execution.local import LocalExecutor
        scheduler._MAX_CRASHES = 1_000  # chance kills a run three times in a row, too
        plan = fixed(SPECIFICATIONS[:runs])
        executor = lambda: LocalExecutor(workers)
        run_plan(folder, "smoke", plan, executor, Silent(), stopped=interrupt_requested)
except KeyboardInterrupt:
    sys.exit(130)
"""


def coordinator(folder: Path, runs: int, workers: int) -> subprocess.Popen:
    """A coordinator in a process and a group of its own."""
    arguments = [str(folder), f"{runs} {workers}", str(Path(__file__).parents[2])]
    return subprocess.Popen(
        [sys.executable, "-c", COORDINATOR, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def test_a_killed_coordinator_costs_nothing_and_leaves_nobody(undisturbed, tmp_path):
    process = coordinator(tmp_path, 2, 2)
    try:
        wait_until(lambda: list((tmp_path / RUNS).glob("*.partial")))
        workers = workers_of(process.pid)
    finally:
        process.kill()
        process.communicate()
    assert workers
    wait_until(lambda: all_gone(workers), 10)
    assert "running" in [run.state for run in stored(tmp_path)]
    study(tmp_path, workers=1)
    assert results(tmp_path) == undisturbed


@pytest.mark.slow
def test_an_interrupted_study_stops_soon_and_leaves_nobody(undisturbed, tmp_path):
    def interrupt():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        study(tmp_path, interrupt)
    assert not workers_of(os.getpid())
    assert [run.state for run in stored(tmp_path)] == ["running", "running"]
    assert list((tmp_path / RUNS).glob("*.partial"))
    study(tmp_path)
    assert results(tmp_path) == undisturbed


@pytest.mark.thorough  # test_coordinator says the same of a disk that only seems full
@pytest.mark.parametrize("kibibytes", [16, 40, 100])
def test_a_full_disk_costs_nothing(undisturbed, kibibytes, tmp_path):
    """A disk so small that checkpoints, models or the record do not fit; then it grows."""
    mount = ["mount", "-t", "tmpfs", "-o", f"size={kibibytes}k", "tmpfs", str(tmp_path)]
    tried = subprocess.run(mount, capture_output=True, text=True)
    if tried.returncode != 0:
        pytest.skip(f"only root may mount a small disk: {tried.stderr.strip()}")
    try:
        with pytest.raises(FileError, match="No space left on device") as caught:
            study_of_one(tmp_path)
        assert "\n" not in str(caught.value)
        assert not workers_of(os.getpid())
        subprocess.run(["mount", "-o", "remount,size=64m", str(tmp_path)], check=True)
        study_of_one(tmp_path)
        assert_as_undisturbed(tmp_path, undisturbed)
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)


@pytest.mark.thorough
def test_a_database_that_goes_away_costs_nothing(undisturbed, postgresql, tmp_path):
    """Its connections end, the coordinator's lock among them, and no new ones are let in for a while."""
    import psycopg

    url = postgresql()
    server, name = url.rpartition("/")[::2]

    def let_in(yes: bool) -> None:
        with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
            connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS {yes}")
            if not yes:
                ends = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
                assert connection.execute(ends, [name]).rowcount >= 2

    with pytest.raises(StudyError, match="cannot use postgresql") as caught:
        study_of_one(tmp_path, lambda: let_in(False), url=url)
    assert "\n" not in str(caught.value)
    assert not workers_of(os.getpid())
    with pytest.raises(StudyError, match="not currently accepting connections"):
        study_of_one(tmp_path)
    let_in(True)
    study_of_one(tmp_path)
    assert_as_undisturbed(tmp_path, undisturbed)


class Watch:
    """Sees every trained model that is written, and asks that none is written twice."""

    def __init__(self, folder: Path):
        self.folder, self.seen = folder, {}

    def look(self):
        for path in self.folder.glob("*.safetensors"):
            about = path.stat()
            written = about.st_ino, about.st_mtime_ns
            assert self.seen.setdefault(path.name, written) == written, f"{path.name} was trained twice"


@pytest.mark.slow
def test_four_workers_train_each_run_once(storage_url, tmp_path):
    begun, ended = Counter(), Counter()

    class Counting(Silent):
        def began(self, run):
            begun[run.identifier] += 1

        def ended(self, run, outcome):
            ended[run.identifier] += 1

    place = locate(tmp_path, storage_url)
    run_plan(tmp_path, "smoke", fixed(SPECIFICATIONS), lambda: LocalExecutor(4), Counting(), location=place)
    assert begun == ended == Counter(specification.identifier for specification in SPECIFICATIONS)
    results(tmp_path, len(SPECIFICATIONS))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_fifty_kills_cost_nothing(seed, storage_url, tmp_path):
    """Whoever is hit at whatever moment: no run lost, none trained twice to its end, the same bits."""
    study(tmp_path / "whole", specifications=SPECIFICATIONS)
    whole = results(tmp_path / "whole", len(SPECIFICATIONS))
    chance, kills, rounds = random.Random(seed), 0, 0
    while kills < 50:
        folder = tmp_path / f"round-{rounds}"
        kills += _until_done(folder, chance, 50 - kills, storage_url)
        assert results(folder, len(SPECIFICATIONS)) == whole
        rounds += 1
    print(f"{kills} kills in {rounds} studies of {len(SPECIFICATIONS)} runs")


def _until_done(folder: Path, chance: random.Random, most: int, url: str | None) -> int:
    """Start coordinators until one ends by itself, and kill until then; the number of kills."""
    study(folder, specifications=[], url=url)  # where the record is kept is known from here on
    watch, kills = Watch(folder / RUNS), 0
    while True:
        process = coordinator(folder, len(SPECIFICATIONS), chance.choice([2, 3, 4]))
        workers: set[int] = set()
        end = time.monotonic() + chance.uniform(0.5, 8)
        while process.poll() is None:
            watch.look()
            workers |= set(workers_of(process.pid))
            if time.monotonic() > end and kills < most:
                _hit(process, chance)
                kills += 1
                end = time.monotonic() + chance.uniform(0.5, 8)
            time.sleep(0.005)
        said = process.communicate()[0].decode()
        # Who is being started while the coordinator is killed finds its pipe closed: Python says so.
        cut_short = process.returncode == -signal.SIGKILL and "EOFError: Ran out of input" in said
        assert "Traceback" not in said or process.returncode == -signal.SIGINT or cut_short, said
        wait_until(partial(all_gone, list(workers)), 10)
        watch.look()
        if process.returncode == 0:
            return kills
        # By the signal itself, if it came before the program listened; 128 + 15, if it was the second.
        assert process.returncode in (130, 143, -signal.SIGKILL, -signal.SIGTERM, -signal.SIGINT), said


def _hit(process: subprocess.Popen, chance: random.Random) -> None:
    """One signal to somebody."""
    workers = workers_of(process.pid)
    if workers and chance.random() < 0.6:
        victim, how = chance.choice(workers), chance.choice([signal.SIGKILL, signal.SIGTERM])
        with contextlib.suppress(ProcessLookupError):
            os.kill(victim, how)
    elif chance.random() < 0.7:
        process.send_signal(chance.choice([signal.SIGKILL, signal.SIGTERM]))
    else:
        os.killpg(process.pid, signal.SIGINT)
