"""Checkpoints: the same bits come back, what is damaged is refused in one line, and a kill or a full disk
during a save leaves the previous file. What is made to deceive: tests/hostile."""

import errno
import json
import os
import re
import resource
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import safetensors.numpy

from fastweights import files
from fastweights.errors import CheckpointError, FileError
from fastweights.models import ClassifierOptions
from fastweights.runs import worker
from fastweights.runs.specification import RunSpecification
from fastweights.tasks.associative_retrieval import AssociativeRetrieval
from fastweights.training import checkpoint
from fastweights.training.evaluation import predict

SPECIFICATION = RunSpecification(AssociativeRetrieval(num_pairs=1), "irnn", 3)
RECURRENT = "model.cell.recurrent"


@pytest.fixture(scope="module")
def saved(tmp_path_factory) -> Path:
    """A model as `worker.run` writes it, though untrained."""
    path = tmp_path_factory.mktemp("saved") / "m.safetensors"
    about = {"kind": "model", "specification": SPECIFICATION.to_json(), "outcome": {"state": "finished"}}
    checkpoint.save(path, {"model": SPECIFICATION.build_model()}, about)
    return path


def refused(path: Path) -> str:
    """The message of the refusal."""
    with pytest.raises(CheckpointError) as caught:
        worker.load_model(path)
    message = str(caught.value)
    assert message
    assert message.splitlines() == [message]
    return message


def test_the_same_bits_come_back(saved):
    specification, model, outcome = worker.load_model(saved)
    assert specification == SPECIFICATION
    assert outcome == {"state": "finished"}
    written, read = ({"model": one} for one in (SPECIFICATION.build_model(), model))
    expected, restored = checkpoint._named_arrays(written), checkpoint._named_arrays(read)
    assert list(expected) == list(restored)
    for name, array in expected.items():
        assert array.dtype == restored[name].dtype
        assert np.asarray(array).tobytes() == np.asarray(restored[name]).tobytes()


@pytest.mark.parametrize("name", ["irnn", "fast-weights"])
@pytest.mark.parametrize("saved_in_double", [False, True])
def test_a_model_of_the_other_precision_loads(name, saved_in_double, tmp_path):
    """In its own precision where JAX has that: without `jax_enable_x64` there is no double."""
    options = ClassifierOptions(embedding="one-hot", readout_size=0)
    specification = RunSpecification(AssociativeRetrieval(num_pairs=1), name, 4, classifier=options)
    inputs = specification.task.split("test", 20).inputs
    about = {"kind": "model", "specification": specification.to_json(), "outcome": {}}
    with jax.enable_x64(saved_in_double):
        model = specification.build_model()
        checkpoint.save(tmp_path / "m", {"model": model}, about)
        expected = predict(model, inputs)
    with jax.enable_x64(not saved_in_double):
        loaded = worker.load_model(tmp_path / "m")[1]
        assert {str(array.dtype) for array in checkpoint._named_arrays(loaded).values()} == {"float32"}
        np.testing.assert_allclose(predict(loaded, inputs), expected, atol=2e-6)


@pytest.mark.parametrize("names", [[RECURRENT], ["model.readout.output.0", "model.readout.output.1"]])
def test_a_mixture_of_precisions_is_refused(names, tmp_path):
    tree = {"model": SPECIFICATION.build_model()}
    arrays = {name: np.asarray(array) for name, array in checkpoint._named_arrays(tree).items()}
    arrays |= {name: arrays[name].astype(np.float64) for name in names}
    checkpoint.save(tmp_path / "m", arrays, {"kind": "model", "specification": SPECIFICATION.to_json()})
    message = refused(tmp_path / "m")
    assert re.search(r"should be float(32|64) .* as others are, but is float(64|32) ", message), message


def test_other_programs_can_read_it(saved):
    arrays = safetensors.numpy.load_file(saved)
    assert {RECURRENT, "model.embedding.table", "model.readout.output.0"} <= set(arrays)
    np.testing.assert_array_equal(arrays[RECURRENT], 0.5 * np.eye(3))
    with safetensors.safe_open(saved, framework="numpy") as file:
        assert json.loads(file.metadata()["fastweights"])["specification"] == SPECIFICATION.to_json()


def test_every_truncation_is_refused(saved, tmp_path):
    content, path = saved.read_bytes(), tmp_path / "m.safetensors"
    for length in [*range(64), *range(64, len(content), len(content) // 100), len(content) - 1]:
        path.write_bytes(content[:length])
        refused(path)


def test_every_flipped_bit_is_refused(saved, tmp_path):
    """Of the header and of the weights: nothing in a file is without a digest."""
    content, path = bytearray(saved.read_bytes()), tmp_path / "m.safetensors"
    for place in [*range(8), *range(8, len(content), len(content) // 120)]:
        content[place] ^= 1 << place % 8
        path.write_bytes(content)
        content[place] ^= 1 << place % 8
        refused(path)


def test_a_model_of_the_first_format_says_so(tmp_path):
    path = tmp_path / "m.safetensors"
    about = {"format": 1, "kind": "model", "specification": SPECIFICATION.to_json(), "outcome": {}}
    arrays = {
        name: np.asarray(array)
        for name, array in checkpoint._named_arrays({"model": SPECIFICATION.build_model()}).items()
    }
    path.write_bytes(safetensors.numpy.save(arrays, {"fastweights": json.dumps(about)}))
    assert refused(path).endswith("has a format that this version does not know (it knows 2)")


def test_every_type_of_array_comes_back(tmp_path):
    tree = {kind: np.arange(6, dtype=kind).reshape(2, 3).T for kind in ("f2", "f4", "i4", "u1", "i8")}
    tree |= {"scalar": np.float32(3), "none": np.zeros((0, 3)), "bool": np.array([True, False])}
    tree = {name: np.asarray(array) for name, array in tree.items()}
    checkpoint.save(tmp_path / "w", tree, {})
    restored, about = checkpoint.load(tmp_path / "w")
    assert about == {} and set(restored) == set(tree)
    for name, array in tree.items():
        assert restored[name].dtype == array.dtype
        np.testing.assert_array_equal(restored[name], array)


def test_a_model_whose_gains_are_columns_loads(tmp_path):
    """As earlier versions wrote them: the gains and biases of normalisations as (units, 1)."""
    specification = RunSpecification(AssociativeRetrieval(num_pairs=1), "fast-weights", 4)
    model = specification.build_model()
    norms = jax.tree.map(lambda p: p + jnp.arange(4.0), model.cell.norms)
    new, old = (
        eqx.tree_at(lambda m: m.cell.norms, model, value)
        for value in (norms, jax.tree.map(lambda p: p[..., None], norms))
    )
    about = {"kind": "model", "specification": specification.to_json(), "outcome": {}}
    checkpoint.save(tmp_path / "m", {"model": old}, about)
    assert eqx.tree_equal(worker.load_model(tmp_path / "m")[1], new)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"a note to myself\n",
        b"\x00" * 4096,
        b"\xff" * 4096,
        b"\x02\x00\x00\x00\x00\x00\x00\x00{}",
        safetensors.numpy.save({"w": np.zeros(3)}),
        safetensors.numpy.save({"w": np.zeros(3)}, {"format": "pt"}),
        *(
            safetensors.numpy.save({"w": np.zeros(3)}, {"fastweights": text})
            for text in ("", "no json", "[1]", "3", '{"format": 2}', '{"format": 3}', "[" * 100_000)
        ),
    ],
    ids=lambda content: repr(content[:12] + content[70:90]),
)
def test_foreign_files_are_refused(content, tmp_path):
    path = tmp_path / "m.safetensors"
    path.write_bytes(content)
    refused(path)


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _huge(path: Path) -> None:
    path.touch()
    os.truncate(path, 2**30 + 1)


@pytest.mark.parametrize("make", [lambda path: None, Path.mkdir, _pipe, _huge])
def test_what_is_no_readable_file_is_refused(make, tmp_path):
    path = tmp_path / "m.safetensors"
    make(path)
    refused(path)


KILLS = """
import os, random, signal, sys, time
from pathlib import Path
from fastweights.training import checkpoint
from fastweights.training.evaluation import predict

path, kills = Path(sys.argv[1]), int(sys.argv[2])
random.seed(0)
for kill in range(kills):
    before = path.stat().st_mtime_ns if path.exists() else None
    child = os.fork()
    if not child:
        import jax.numpy as jnp
        number = 0
        while True:
            tree = {"w": jnp.full(2**20, number), "b": jnp.full(7, number)}
            checkpoint.save(path, tree, {"number": number})
            number += 1
    while not path.exists() or path.stat().st_mtime_ns == before:
        time.sleep(0.001)
    time.sleep(random.uniform(0, 0.04))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    arrays, about = checkpoint.load(path)
    assert (arrays["w"] == about["number"]).all() and (arrays["b"] == about["number"]).all()
"""


@pytest.mark.thorough
def test_a_kill_during_a_save_leaves_a_whole_file(tmp_path):
    command = [sys.executable, "-W", "ignore", "-c", KILLS, str(tmp_path / "w.safetensors"), "12"]
    subprocess.run(command, check=True, timeout=120)


@contextmanager
def _small_disk():
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@contextmanager
def _failing(name: str):
    def fail(*arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files.os, name, fail)
        yield


@pytest.mark.parametrize("full", [_small_disk, lambda: _failing("fsync"), lambda: _failing("replace")])
def test_a_full_disk_leaves_the_previous_checkpoint(full, tmp_path):
    path = tmp_path / "w.safetensors"
    checkpoint.save(path, {"w": jnp.zeros(10)}, {"number": 1})
    before = path.read_bytes()
    with full(), pytest.raises(FileError, match="cannot write"):
        checkpoint.save(path, {"w": jnp.zeros(100_000)}, {"number": 2})
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["w.safetensors"]


@pytest.mark.parametrize("mask", [0o022, 0o077])
def test_files_get_the_permissions_that_the_umask_allows(mask, tmp_path):
    old = os.umask(mask)
    try:
        files.write_atomically(tmp_path / "a", b"x")
    finally:
        os.umask(old)
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o666 & ~mask


@pytest.mark.parametrize("where", ["folder", "pipe", "missing/a", "file/a", "x" * 300])
def test_what_cannot_be_replaced_is_refused_and_kept(where, tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("kept")
    os.mkfifo(tmp_path / "pipe")
    before = sorted(os.listdir(tmp_path))
    for refuse in (files.check_writable, lambda path: files.write_atomically(path, b"x")):
        with pytest.raises(FileError, match="cannot write"):
            refuse(tmp_path / where)
    assert sorted(os.listdir(tmp_path)) == before
    assert (tmp_path / "pipe").is_fifo()
    assert (tmp_path / "file").read_text() == "kept"
