"""The processes of baselines: one core, one thread, errors in a line, and no process left behind."""

import os

import pytest

from fastweights.bench.process import BaselineError, PinnedProcess, call_together
from fastweights.machine import available_cores
from processes import is_alive, wait_until


def who() -> tuple[int, set[int], str]:
    return os.getpid(), os.sched_getaffinity(0), os.environ["OMP_NUM_THREADS"]


def double(number: int) -> int:
    return 2 * number


def fail() -> None:
    error = ValueError("one line\nand another")
    error.add_note("a note, as JAX adds them")
    raise error


def die() -> None:
    os._exit(3)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="cores cannot be chosen here")
def test_a_process_has_a_core_and_its_errors_are_lines():
    core = available_cores()[-1]
    before = os.environ.get("OMP_NUM_THREADS")
    with PinnedProcess(core) as process, PinnedProcess(core) as other:
        process_id, cores, threads = process.call(who)
        assert (cores, threads) == ({core}, "1")
        assert os.environ.get("OMP_NUM_THREADS") == before
        assert call_together([process, other], double, 4) == [8, 8]
        with pytest.raises(BaselineError, match=r"^ValueError: one line and another$"):
            process.call(fail)
        assert process.call(double, 5) == 10, "an error ends the call, not the process"
        with pytest.raises(BaselineError, match="its process died"):
            other.call(die)
        with pytest.raises(BaselineError, match="its process died"):
            other.call(double, 1)
    wait_until(lambda: not is_alive(process_id))
