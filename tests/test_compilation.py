"""Compiled programs are kept for later processes: with the same bits, silently, and never at a run's cost."""

import os
import stat
import subprocess
import sys
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from types import SimpleNamespace

import jax
import pytest
from jax._src.compilation_cache import compress_executable

from fastweights import compilation
from fastweights.cli.main import main
from fastweights.native.library import SWITCH
from fastweights.training import checkpoint

SMALL = (
    "train --model irnn --hidden-size 3 --num-pairs 1 --batch-size 8 --train-sequences 200 "
    "--validation-sequences 26 --test-sequences 30 --updates 20 --evaluate-every 10 --out"
).split()
PROGRAM = "from fastweights.cli import main; main()"


@pytest.fixture
def jax_as_before(monkeypatch, tmp_path):
    """A cache folder of the test's own, and JAX's settings as they were, before and after."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    names = (
        "jax_compilation_cache_dir",
        "jax_enable_compilation_cache",
        "jax_persistent_cache_min_compile_time_secs",
    )
    before = {name: getattr(jax.config, name) for name in names}
    jax.config.update("jax_compilation_cache_dir", None)
    yield
    for name, value in before.items():
        jax.config.update(name, value)


def start(folder: Path, name: str) -> subprocess.Popen:
    """A training run in a process of its own, with its cache in the folder; no kernel is built there."""
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *SMALL, str(folder / name)],
        env={**os.environ, "XDG_CACHE_HOME": str(folder / "cache"), SWITCH: "0"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def bits(folder: Path, name: str, process: subprocess.Popen) -> dict[str, bytes]:
    """The trained weights of a run that must have gone well, and have said nothing but that."""
    _, said = process.communicate(timeout=120)
    assert (process.returncode, said) == (0, "irnn R=3: finished\n")
    return {key: array.tobytes() for key, array in checkpoint.load(folder / name)[0].items()}


def kept(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("cache/fastweights/compiled/*/*")}


@pytest.mark.thorough
def test_a_later_process_compiles_nothing_and_gets_the_same_bits(tmp_path):
    """Two at the same moment, which compile, and one after them, which doesn't."""
    first, second = start(tmp_path, "first"), start(tmp_path, "second")
    fresh = bits(tmp_path, "first", first)
    assert bits(tmp_path, "second", second) == fresh
    whole = kept(tmp_path)
    assert any(name.startswith("jit__advance-") for name in whole)

    assert bits(tmp_path, "third", start(tmp_path, "third")) == fresh
    assert kept(tmp_path) == whole

    # A process that was killed, or a full disk, may leave half an entry: it is compiled and kept again.
    for path in tmp_path.glob("cache/fastweights/compiled/*/jit__advance-*"):
        path.write_bytes(path.read_bytes()[:-100])
    damaged = kept(tmp_path)
    assert damaged != whole
    assert bits(tmp_path, "fourth", start(tmp_path, "fourth")) == fresh
    mended = kept(tmp_path)
    assert mended.keys() == whole.keys()
    assert all(mended[name] != damaged[name] for name in whole if damaged[name] != whole[name])


PROGRAM_OF_ONE = """
import jax, warnings
from fastweights import keep_compiled
keep_compiled()
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    print(jax.jit(lambda x: 3 * x + 1)(2.0))
assert not caught, caught
"""


def test_a_damaged_program_is_compiled_and_kept_again(tmp_path):
    """JAX alone would compile it in every later process."""

    def run() -> dict[str, bytes]:
        environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache")}
        command = [sys.executable, "-c", PROGRAM_OF_ONE]
        said = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        assert (said.stdout, said.stderr) == ("7.0\n", "")
        return {name: content for name, content in kept(tmp_path).items() if name.endswith("-cache")}

    first = run()
    assert first
    for path in tmp_path.glob("cache/fastweights/compiled/*/*-cache"):
        path.write_bytes(path.read_bytes()[:-9])
    mended = run()
    assert mended.keys() == first.keys()
    assert all(compilation._is_whole(content) for content in mended.values())


def test_what_is_damaged_is_told_from_what_is_whole():
    whole = compress_executable(b"program" * 1000)
    assert compilation._is_whole(whole)
    for damaged in (b"", whole[:-1], whole[: len(whole) // 2], b"garbage" * 99):
        assert not compilation._is_whole(damaged)


def test_only_new_entries_are_read_again(jax_as_before, tmp_path):
    compilation.keep_compiled()
    folder = Path(jax.config.jax_compilation_cache_dir)
    old, new = folder / "old-cache", folder / "new-cache"
    for path, time in ((old, 1), (new, 10**12)):
        path.write_bytes(b"damaged")
        os.utime(path, (time, time))
    compilation._drop_damaged(folder)
    assert (old.exists(), new.exists()) == (True, False)


def test_a_command_runs_without_a_cache_folder(jax_as_before, tmp_path, capsys):
    (tmp_path / "cache").write_text("in the way")
    with pytest.raises(SystemExit) as end:
        main(["data", "--num-pairs", "1", "--count", "1"])
    out, err = capsys.readouterr()
    assert (end.value.code, err) == (0, "")
    assert len(out.split()) == 2
    assert jax.config.jax_compilation_cache_dir is None


def test_the_folder_is_the_users_alone(jax_as_before, tmp_path):
    compilation.keep_compiled()
    folder = Path(jax.config.jax_compilation_cache_dir)
    assert folder.parent == tmp_path / "cache" / "fastweights" / "compiled"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    jax.config.update("jax_compilation_cache_dir", None)
    folder.chmod(0o777)
    compilation.keep_compiled()
    assert jax.config.jax_compilation_cache_dir is None


def test_another_processor_has_another_folder(jax_as_before, monkeypatch):
    folders = set()
    for machine in ("x86_64", "aarch64"):
        monkeypatch.setattr("platform.machine", lambda machine=machine: machine)
        compilation.keep_compiled()
        folders.add(jax.config.jax_compilation_cache_dir)
        jax.config.update("jax_compilation_cache_dir", None)
    assert len(folders) == 2


def test_what_the_user_told_jax_stands(jax_as_before, tmp_path):
    jax.config.update("jax_compilation_cache_dir", "chosen")
    compilation.keep_compiled()
    assert jax.config.jax_compilation_cache_dir == "chosen"
    jax.config.update("jax_compilation_cache_dir", None)
    jax.config.update("jax_enable_compilation_cache", False)
    compilation.keep_compiled()
    assert jax.config.jax_compilation_cache_dir is None
    assert not list(tmp_path.iterdir())


def test_the_programs_read_longest_ago_go_first(tmp_path):
    for age, name in enumerate("dbca"):
        path = tmp_path / "folder" / f"{name}-cache"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x" * 10)
        os.utime(path, (1000 - age, 2000))
    compilation._drop_oldest(tmp_path, 25)
    assert sorted(path.name for path in path.parent.iterdir()) == ["b-cache", "d-cache"]


def test_a_process_that_dies_while_it_looks_at_the_platform_says_nothing_of_it(monkeypatch):
    """Ctrl-C reaches it too; the command then ends by its own rules, without a traceback."""

    class DyingPool:
        def __init__(self, *arguments):
            pass

        def __enter__(self):
            return self

        def __exit__(self, *error):
            return None

        def submit(self, function):
            future = Future()
            future.set_exception(BrokenProcessPool("terminated abruptly"))
            return future

    monkeypatch.setattr(compilation, "ProcessPoolExecutor", DyingPool)
    monkeypatch.setattr(compilation, "jax", SimpleNamespace(config=SimpleNamespace(jax_platforms="cuda")))
    compilation.check_platform_of_processes()


def test_the_platform_of_the_processor_needs_no_process(monkeypatch):
    monkeypatch.setattr(compilation, "ProcessPoolExecutor", None)
    monkeypatch.setattr(compilation, "jax", SimpleNamespace(config=SimpleNamespace(jax_platforms="cpu")))
    compilation.check_platform_of_processes()
