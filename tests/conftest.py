"""What every test shares: shapes checked at run time, and double precision on request."""

import os
import subprocess
import sys

import jaxlib.version

# Almost every program of a test runs once, and compiling it takes most of the test's time: a quarter of it
# with XLA's older emitters, where it still has them, and without LLVM's optimisations, in the tests' own
# processes and in those that they start. `.ci/run` has the programs that users have in its thorough tests.
os.environ["XLA_FLAGS"] = " ".join(
    [
        os.environ.get("XLA_FLAGS", ""),
        # There is a test process for each core: two threads that compile one program would meet each other.
        "--xla_cpu_parallel_codegen_split_count=1",
        *(
            ["--xla_cpu_use_fusion_emitters=false"]
            if "FASTWEIGHTS_TEST_OPTIMISED" not in os.environ and jaxlib.version.__version_info__ < (0, 11)
            else []  # what XLA does not know ends the process
        ),
    ]
).strip()
os.environ["JAX_DISABLE_MOST_OPTIMIZATIONS"] = str("FASTWEIGHTS_TEST_OPTIMISED" not in os.environ)

from collections.abc import Iterator

import jax
import jaxtyping
import pytest
from jaxtyping import install_import_hook

CHEAP = os.environ["JAX_DISABLE_MOST_OPTIMIZATIONS"] == "True"
_NUMERIC = ("cells", "memories", "models", "numerics", "tasks", "theory", "training")
# Before anything imports the package: every annotated shape is then checked in every call.
install_import_hook([f"fastweights.{room}" for room in _NUMERIC], "shapes.checker")


# What needs no kernel, and the files that take longest: the others fill up what is left of the cores' time.
_FIRST = [
    "theory/hopfield/",
    "theory/memories/",
    "papers/ba2016/test_plan",
    "papers/ba2016/test_verification_page",
    "report/test_command",
    "studies/execution/test_kills",
    "cli/test_interrupts",
    "theory/",
    "contracts/",
    "native/",
    "cells/programmers/test_recurrence",
    "cli/test_bench",
    "examples/",
    "training/test_training",
    "plugins/test_walkthrough",
    "papers/",
    "cli/",
]
_BUILD = "from fastweights.native import library; library.load()"


@pytest.fixture(scope="session", autouse=True)
def own_cache_folder(request, tmp_path_factory) -> Iterator[None]:
    """Tests leave the user's cache alone; all processes of a session share theirs, and what they compile.

    They begin with the kernels that the user has. Where these are of other sources, the first process of a
    parallel session has the kernels built: until they are needed, nobody waits for them.
    """
    from fastweights.files import cache_folder, make_private, write_atomically

    worker, session = os.environ.get("PYTEST_XDIST_WORKER"), tmp_path_factory.getbasetemp()
    kernels = [(file.name, file.read_bytes()) for file in (cache_folder() / "native").glob("kernels-*.so")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str((session.parent if worker else session) / "cache"))
        make_private(cache_folder() / "native")
        for name, content in kernels:
            write_atomically(cache_folder() / "native" / name, content)
        if worker == "gw0" and any("tests/native/" in item.nodeid for item in request.session.items):
            with subprocess.Popen([sys.executable, "-c", _BUILD], stderr=subprocess.DEVNULL):
                yield
        else:
            yield


@pytest.fixture
def float64() -> Iterator[None]:
    """Double precision within one test."""
    with jax.enable_x64(True):
        yield


@pytest.fixture
def optimised() -> Iterator[None]:
    """What is compiled in this test is optimised: for simulations, which run longer than they compile."""
    jax.config.update("jax_disable_most_optimizations", False)
    yield
    jax.config.update("jax_disable_most_optimizations", CHEAP)


@pytest.fixture
def untyped() -> Iterator[None]:
    """As it is for users: the tests' own type checker would refuse a wrong shape before the memory does."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of cells that another cell stands for are thorough ones; files go in the order of `_FIRST`."""
    from cases import ALIKE, SELDOM

    items.sort(key=_place)  # which keeps the order within a file

    for item in items:
        given = getattr(item, "callspec", None) and item.callspec.params
        names = {getattr(given.get("case"), "name", None), given.get("model")} if given else set()
        if names & ALIKE and "references" not in item.nodeid:
            item.add_marker(pytest.mark.slow)
        elif names & SELDOM:
            item.add_marker(pytest.mark.thorough)


def _place(item: pytest.Item) -> int:
    """The place of the item's file in `_FIRST`, or behind."""
    return next((n for n, start in enumerate(_FIRST) if start in item.nodeid), len(_FIRST))
