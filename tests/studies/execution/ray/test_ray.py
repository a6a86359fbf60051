"""Real Ray clusters of several nodes, all on this machine: whoever is lost, the study ends with the bits of
an undisturbed one. Slow: `pytest -m slow tests/studies/execution/ray/test_ray.py`, with the extra ray."""

import contextlib
import importlib.util
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import warnings
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from fastweights.cells.irnn import IRNN
from fastweights.errors import FastweightsError, FileError, InvalidValueError, StudyError
from fastweights.registry import cells, register_cell
from fastweights.studies.execution import scheduler
from fastweights.studies.execution.coordinator import run_plan
from fastweights.studies.execution.executor import Job
from fastweights.studies.execution.local import LocalExecutor
from fastweights.studies.execution.ray import cluster as ray_cluster
from fastweights.studies.execution.ray import executor as ray_executor
from fastweights.studies.execution.ray import worker as ray_worker
from fastweights.studies.execution.ray.executor import RayExecutor
from fastweights.studies.execution.ray.worker import Probe, Worker, WorkerLostError
from fastweights.studies.plans import fixed
from fastweights.studies.record.folder import RUNS, locate
from fastweights.studies.record.store import Store
from processes import all_gone, is_alive, wait_until
from studies.execution.test_kills import SPECIFICATIONS, Silent, Watch, results, stored

MISSING = importlib.util.find_spec("ray") is None
if MISSING:
    warnings.warn(
        "NOTHING OF RAY IS TESTED: it is not installed (pip install 'fastweights[ray]')", stacklevel=1
    )
needs_ray = [pytest.mark.slow, pytest.mark.skipif(MISSING, reason="NOTHING OF RAY IS TESTED: not installed")]

# Long enough to be hit in the middle: some 5 s, where a carried checkpoint takes up to 2 s, and as long again
# until the worker hears that it should stop.
LONG = [
    replace(specification, training=replace(specification.training, updates=200_000, evaluate_every=2_000))
    for specification in SPECIFICATIONS[:2]
]
CURVE = 100
SHARED = "its last checkpoint in the shared folder"
CARRIED = "its last checkpoint, carried through Ray's object store"
BOTH = "its last checkpoint, in the shared folder or carried through Ray's object store, as its node allows"
NODE = {"num_cpus": 4, "object_store_memory": 80 * 2**20}


@pytest.fixture(scope="module")
def cluster():
    """A head without room for workers, and two nodes with room for four each."""
    for name, value in ray_cluster.QUIET.items():
        os.environ.setdefault(name, value)
    from ray.cluster_utils import Cluster

    # Ray's nodes bind this machine's address: with 127.0.0.1 they wait for each other until they give up.
    nodes = Cluster(initialize_head=True, head_node_args={**NODE, "num_cpus": 0})
    for _ in range(2):
        nodes.add_node(**NODE)
    yield nodes
    nodes.shutdown()


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """What the local executor makes of the long runs."""
    folder = tmp_path_factory.mktemp("undisturbed")
    run_plan(folder, "smoke", fixed(LONG), lambda: LocalExecutor(2), Silent())
    by_run = results(folder)
    assert all(len(curve) == CURVE for _, curve, _ in by_run.values())
    return by_run


@pytest.fixture(params=["shared", "carried"])
def mode(request):
    return request.param


@contextlib.contextmanager
def seen(folder: Path, mode: str):
    """The folder, by its name, or by one that means it only within this process: /proc/self/fd/NUMBER."""
    if mode == "shared":
        yield folder
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        yield Path(f"/proc/self/fd/{handle}")
    finally:
        os.close(handle)


class Notes(Silent):
    """Counts how often runs crashed and ended, and says when one is well on its way."""

    def __init__(self, at=lambda: None):
        super().__init__(at)
        self.crashes, self.ends = [], []

    def crashed(self, run, reason):
        self.crashes.append(reason)

    def ended(self, run, outcome):
        self.ends.append((run.identifier, outcome["state"]))


@pytest.fixture
def sent(monkeypatch):
    """How many files there were of the runs of each submission: one is a checkpoint to go on from."""
    counts, files = [], ray_executor._files

    def noting(jobs):
        here = files(jobs)
        counts.append(len(here))
        return here

    monkeypatch.setattr(ray_executor, "_files", noting)
    return counts


@contextlib.contextmanager
def node_without(folder: Path, address: str, *options: str):
    """A node in a mount namespace of its own, where the folder is another one."""
    hide = 'mount -t tmpfs none "$0" && exec "$@"'
    ports = [
        f"--{port}-port=0" for port in ("min-worker", "max-worker", "metrics-export", "runtime-env-agent")
    ]
    ray = [str(Path(sys.executable).with_name("ray")), "start", f"--address={address}", "--block", *options]
    start = ["unshare", "--mount", "sh", "-c", hide, str(folder), *ray, "--num-cpus=0", *ports]
    if subprocess.run([*start[:3], "-c", hide, str(folder), "true"], capture_output=True).returncode != 0:
        pytest.skip("A NODE WITHOUT THE FOLDER IS NOT TESTED: only root may mount")
    process = subprocess.Popen(start, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        for child in [*processes(b"", of=process.pid), process.pid]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        process.wait()


def wait_for_gpus(number: int, address: str) -> None:
    """Until the cluster knows of so many: a run that is alone until then may have ended."""
    leave = ray_cluster.join(address, None)
    try:
        wait_until(lambda: ray_cluster.places("GPU") == number)
    finally:
        leave()


def study(folder, address, listener=None, specifications=LONG, made=None, **options):
    """Run the study to its end; the executor that did it, which must have left nothing."""
    made = [] if made is None else made

    def make():
        made.append(RayExecutor(address, folder, **{"workers": 2, **options}))
        return made[0]

    try:
        place = locate(folder)
        run_plan(folder, "smoke", fixed(specifications), make, listener or Silent(), location=place)
    finally:
        assert not ray_cluster.ray.is_initialized()
        wait_until(lambda: not workers(), 20)
        assert not list(folder.glob(".ray*"))
    return made[0]


def processes(name: bytes, of: int | None = None) -> list[int]:
    """The processes below `of`, by default this one, whose command begins so; Ray's say what they do."""
    of, children = of or os.getpid(), {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                children.setdefault(parent_of(int(entry.name)), []).append(int(entry.name))
    named, below = [], children.get(of, [])
    while below:
        process = below.pop()
        below.extend(children.get(process, []))
        with contextlib.suppress(OSError):
            if (Path("/proc") / str(process) / "cmdline").read_bytes().startswith(name) and is_alive(process):
                named.append(process)
    return sorted(named)


def parent_of(process: int) -> int:
    return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])


def workers() -> list[int]:
    return processes(b"ray::Worker")


def leftovers() -> set[Path]:
    return set(Path(tempfile.gettempdir()).glob("fastweights-runs-*")) | set(Path("/tmp").glob("fw-ray-*"))


@pytest.mark.parametrize(("number"), ["workers", "side_by_side"])
def test_numbers_below_one_are_refused(number, tmp_path):
    with pytest.raises(InvalidValueError, match=f"{number} must be at least 1; got 0"):
        RayExecutor(None, tmp_path, **{number: 0})


def test_without_ray_there_is_one_line(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(FastweightsError, match=r"pip install 'fastweights\[ray\]'"):
        RayExecutor(None, tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.thorough
@pytest.mark.skipif(MISSING, reason="NOTHING OF RAY IS TESTED: not installed")
def test_a_cluster_that_is_not_there_is_one_line_soon(tmp_path):
    with socket.create_server(("", 0)) as mute, socket.create_server(("", 0)) as closed:
        ports = [server.getsockname()[1] for server in (mute, closed)]
        closed.close()
        for address in [*(f"127.0.0.1:{port}" for port in ports), "nonsense", "auto", "ray://x:10001"]:
            start = time.monotonic()
            with pytest.raises(FastweightsError) as caught:
                RayExecutor(address, tmp_path)
            assert "\n" not in str(caught.value)
            assert repr(address) in str(caught.value)
            assert time.monotonic() - start < 15
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(MISSING, reason="NOTHING OF RAY IS TESTED: not installed")
def test_a_node_without_room_for_the_files_is_lost_and_not_the_study(monkeypatch, tmp_path):
    mute = SimpleNamespace(report=None, stopped=None)

    def full(jobs, report, stopped):
        raise FileError("cannot write: No space left on device")

    worker = Worker(None, Probe(tmp_path / "elsewhere", "token"), "CPU", ray_worker.__version__)
    job = Job("some", {}, tmp_path / "some.safetensors")
    monkeypatch.setattr(ray_worker, "run_jobs", full)
    monkeypatch.setattr(ray_worker, "Reporter", lambda *arguments: contextlib.nullcontext(mute))
    with pytest.raises(WorkerLostError, match="no room on this node"):
        worker.work(1, [job], {})
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    with pytest.raises(WorkerLostError, match="no room on this node"):
        worker.work(1, [job], {})


class TestOnACluster:
    pytestmark = needs_ray

    def test_the_same_bits_as_on_this_machine(self, cluster, undisturbed, mode, monkeypatch, tmp_path):
        monkeypatch.setattr(scheduler, "_HEARTBEAT_SECONDS", 0)
        before = leftovers()
        with seen(tmp_path, mode) as folder:
            executor = study(folder, cluster.address)
        assert results(tmp_path) == undisturbed
        assert executor.resumes_from == (SHARED if mode == "shared" else CARRIED)
        place = locate(tmp_path)
        signed = Store(place.storage, place.study).attributes()["coordinator"]
        assert (signed["executor"], signed["takes_over"]) == ("ray", executor.resumes_from)
        assert leftovers() == before

    def test_a_killed_worker_costs_nothing(self, cluster, undisturbed, mode, tmp_path):
        notes = Notes(lambda: os.kill(workers()[0], signal.SIGKILL))
        with seen(tmp_path, mode) as folder:
            study(folder, cluster.address, notes)
        assert results(tmp_path) == undisturbed
        assert notes.crashes == ["its worker died"]

    def test_a_killed_node_costs_nothing(self, cluster, undisturbed, mode, sent, tmp_path):
        def kill():
            nodes = {node.all_processes["raylet"][0].process.pid: node for node in cluster.worker_nodes}
            cluster.remove_node(nodes[parent_of(workers()[0])], allow_graceful=False)

        notes = Notes(kill)
        try:
            with seen(tmp_path, mode) as folder:
                study(folder, cluster.address, notes)
        finally:
            cluster.add_node(**NODE)
        assert results(tmp_path) == undisturbed
        assert notes.crashes == ["its worker died"]
        # It may be sent to the lost node once more, as long as the cluster has not noticed; and the other
        # run, if it was there too and had not begun, has nothing to send yet.
        assert sent[:2] == [0, 0]
        assert 1 in sent[2:]

    def test_a_run_moves_from_a_node_that_does_not_see_the_folder(self, cluster, undisturbed, sent, tmp_path):
        """Two nodes that pretend to have a GPU. On one, something else is mounted over the study's folder."""
        executors = []

        class Killing(Notes):
            def progressed(self, run, update, validation_error):
                # It must return, or the coordinator does not take in what the hidden node sends.
                if not self.called and len(list((tmp_path / RUNS).glob("*.partial"))) == 2:
                    self.called = True
                    assert executors[0].resumes_from == BOTH
                    for child in processes(b"", of=hidden.pid):
                        with contextlib.suppress(ProcessLookupError):
                            os.kill(child, signal.SIGKILL)

        seeing = cluster.add_node(num_gpus=1, **{**NODE, "num_cpus": 0})
        try:
            with node_without(tmp_path, cluster.address, "--num-gpus=1") as hidden:
                wait_for_gpus(2, cluster.address)
                study(tmp_path, cluster.address, Killing(), made=executors, side_by_side=1)
        finally:
            cluster.remove_node(seeing)
        assert results(tmp_path) == undisturbed
        assert sent[:2] == [0, 0]
        assert set(sent[2:]) == {1}

    def test_a_raising_cell_fails_after_three_tries(self, cluster, mode, tmp_path):
        """It is known here, and not on the nodes."""

        @register_cell("only-here", source="this test")
        class OnlyHere(IRNN):
            pass

        notes = Notes()
        try:
            bad = replace(SPECIFICATIONS[0], model="only-here")
            identifier = bad.identifier
            with seen(tmp_path, mode) as folder:
                study(folder, cluster.address, notes, [bad, SPECIFICATIONS[1]])
        finally:
            del cells._entries["only-here"]
        assert sorted(notes.ends) == sorted(
            [(identifier, "failed"), (SPECIFICATIONS[1].identifier, "finished")]
        )
        (failed,) = (run for run in stored(tmp_path) if run.state == "failed")
        assert "Traceback" in failed.outcome["failure"]
        assert "from_json" in failed.outcome["failure"]
        assert "UnknownNameError" in failed.outcome["failure"].splitlines()[-1]
        assert len(notes.crashes) == 2

    def test_eight_workers_do_every_run_exactly_once(self, cluster, tmp_path):
        watch, most = Watch(tmp_path / RUNS), []

        class Looking(Notes):
            def ended(self, run, outcome):
                super().ended(run, outcome)
                watch.look()
                most.append(len(workers()))

        notes = Looking()
        study(tmp_path, cluster.address, notes, SPECIFICATIONS, workers=None)
        assert sorted(notes.ends) == sorted(
            (specification.identifier, "finished") for specification in SPECIFICATIONS
        )
        assert len(results(tmp_path, len(SPECIFICATIONS))) == len(watch.seen) == len(SPECIFICATIONS)
        assert max(most) == 8

    def test_an_interrupted_study_goes_on(self, cluster, undisturbed, mode, tmp_path):
        def interrupt():
            raise KeyboardInterrupt

        with seen(tmp_path, mode) as folder:
            with pytest.raises(KeyboardInterrupt):
                study(folder, cluster.address, Silent(interrupt))
            assert [run.state for run in stored(folder)] == ["running", "running"]
            assert list((folder / RUNS).glob("*.partial"))
            study(folder, cluster.address)
        assert results(tmp_path) == undisturbed

    def test_a_killed_coordinator_costs_nothing_and_leaves_nobody(self, cluster, undisturbed, tmp_path):
        arguments = [str(tmp_path), cluster.address, str(Path(__file__).parents[3])]
        process = subprocess.Popen([sys.executable, "-c", COORDINATOR, *arguments])
        try:
            wait_until(lambda: list((tmp_path / RUNS).glob("*.partial")))
            assert len(workers()) == 2
        finally:
            process.kill()
            process.wait()
        wait_until(lambda: not workers() and not processes(b"ray::MessageQueue"), 10)
        assert "running" in [run.state for run in stored(tmp_path)]
        study(tmp_path, cluster.address)
        assert results(tmp_path) == undisturbed

    def test_a_killed_message_queue_costs_nothing(self, cluster, undisturbed, mode, tmp_path):
        notes = Notes(lambda: os.kill(processes(b"ray::MessageQueue")[0], signal.SIGKILL))
        with seen(tmp_path, mode) as folder:
            study(folder, cluster.address, notes)
        assert results(tmp_path) == undisturbed
        assert notes.crashes == []

    @pytest.mark.parametrize("kibibytes", [40])
    def test_a_full_disk_costs_nothing(self, cluster, undisturbed, mode, kibibytes, tmp_path):
        tried = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={kibibytes}k", "tmpfs", str(tmp_path)], capture_output=True
        )
        if tried.returncode != 0:
            pytest.skip(f"only root may mount a small disk: {tried.stderr.decode().strip()}")
        try:
            with seen(tmp_path, mode) as folder:
                with pytest.raises(FileError, match="No space left on device") as caught:
                    study(folder, cluster.address)
                assert "\n" not in str(caught.value)
                subprocess.run(["mount", "-o", "remount,size=64m", str(tmp_path)], check=True)
                study(folder, cluster.address)
            assert results(tmp_path) == undisturbed
        finally:
            subprocess.run(["umount", str(tmp_path)], check=True)

    def test_on_gpus_many_go_side_by_side(self, cluster, monkeypatch, tmp_path):
        """The nodes only say that they have GPUs: what is tested is where what is put."""
        node, batches = cluster.add_node(num_gpus=2, **{**NODE, "num_cpus": 0}), []
        submit = RayExecutor.submit
        monkeypatch.setattr(
            RayExecutor, "submit", lambda self, jobs: (batches.append(len(jobs)), submit(self, jobs))[1]
        )
        try:
            study(tmp_path, cluster.address, None, SPECIFICATIONS, workers=None, side_by_side=8)
            with contextlib.closing(RayExecutor(cluster.address, tmp_path)) as usual:
                assert (usual.capacity(), usual.side_by_side) == (2, 32)
        finally:
            cluster.remove_node(node)
        assert batches == [8, 8, 4]
        assert len(results(tmp_path, len(SPECIFICATIONS))) == len(SPECIFICATIONS)

    def test_a_worker_that_cannot_start_ends_the_study_with_its_reason(self, cluster, monkeypatch, tmp_path):
        monkeypatch.setattr(ray_executor, "__version__", "0.0.0")
        with pytest.raises(StudyError, match=r"a worker cannot start: .* the coordinator 0.0.0"):
            study(tmp_path, cluster.address)
        assert [run.state for run in stored(tmp_path)] == ["running", "running"]


ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
COORDINATOR = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[3])
from studies.execution.ray.test_ray import LONG, Silent
from fastweights.studies.execution.coordinator import run_plan
from fastweights.studies.plans import fixed
from fastweights.studies.record.folder import locate
from fastweights.studies.execution.ray.executor import RayExecutor

folder, address = Path(sys.argv[1]), sys.argv[2]
place = locate(folder)
run_plan(folder, "smoke", fixed(LONG), lambda: RayExecutor(address, folder, 2), Silent(), location=place)
"""


class TestWithoutACluster:
    pytestmark = needs_ray

    def test_one_is_started_on_this_machine_and_leaves_nothing(self, undisturbed, capfd, tmp_path):
        before, mine = leftovers(), set(processes(b""))
        handlers = list(map(signal.getsignal, ENDS))

        class Listening(Notes):
            def ended(self, run, outcome):
                super().ended(run, outcome)
                handlers_now.extend(map(signal.getsignal, ENDS))

        handlers_now: list = []
        notes = Listening(lambda: os.kill(workers()[0], signal.SIGKILL))
        study(tmp_path, None, notes)
        assert results(tmp_path) == undisturbed
        assert handlers_now[:3] == handlers
        assert leftovers() == before
        wait_until(lambda: set(processes(b"")) <= mine, 20)
        assert capfd.readouterr().out == ""

    def test_it_ends_with_its_coordinator(self, undisturbed, tmp_path):
        program = COORDINATOR.replace("RayExecutor(address", "RayExecutor(None")
        arguments = [str(tmp_path), "", str(Path(__file__).parents[3])]
        before = leftovers()
        process = subprocess.Popen([sys.executable, "-c", program, *arguments])
        try:
            wait_until(lambda: list((tmp_path / RUNS).glob("*.partial")))
            agents = {*processes(b"ray::DashboardAgent"), *processes(b"ray::RuntimeEnvAgent")}
            children = [child for child in processes(b"", of=process.pid) if child not in agents]
        finally:
            process.kill()
            process.wait()
        assert len(children) > 4
        wait_until(lambda: all_gone(children), 20)  # Ray's agents, which do nothing, take a minute
        for folder in leftovers() - before:
            os.utime(folder, (0, 0))  # as if it had been left there for long
        study(tmp_path, None)
        assert results(tmp_path) == undisturbed
        assert leftovers() == before
