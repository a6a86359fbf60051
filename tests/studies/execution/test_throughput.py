"""How fast a run is, by a clock that the test sets."""

from fastweights.studies.execution.throughput import Throughput


def test_the_pace_is_that_of_this_start():
    """A run that was taken up at update 500 is not as fast as if it had made them now."""
    second = 0.0
    paces = Throughput(lambda: second)
    paces.begin("taken up")
    paces.begin("fresh")
    assert paces.now() == {"taken up": 0.0, "fresh": 0.0}
    for name in ("taken up", "fresh"):
        paces.note(name, 0)  # the worker has begun, and not yet looked where the run stands
    second = 1.0
    paces.note("taken up", 500)
    assert paces.now() == {"taken up": 0.0, "fresh": 0.0}
    second = 5.0
    paces.note("fresh", 10)
    assert paces.now() == {"taken up": 0.0, "fresh": 0.0}
    second = 11.0
    paces.note("taken up", 520)
    paces.note("fresh", 130)
    assert paces.now() == {"taken up": 2.0, "fresh": 20.0}
    paces.end("fresh")
    assert paces.now() == {"taken up": 2.0}
