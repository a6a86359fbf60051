"""How fast a run is, by a clock that the test sets."""

from fastweights.runs.specification import RunSpecification
from fastweights.studies.execution.scheduler import ScheduledRun
from fastweights.studies.record.store import Run
from fastweights.tasks.associative_retrieval import AssociativeRetrieval


def test_the_throughput_is_that_of_this_start():
    """A run that was resumed at update 500 is not as fast as if it had made them now."""
    specification = RunSpecification(AssociativeRetrieval(1), "irnn", 3)
    recorded = Run(0, specification.identifier, "waiting", specification.to_json())
    resumed, fresh = ScheduledRun(recorded, specification), ScheduledRun(recorded, specification)

    def throughput():
        return resumed.updates_per_second, fresh.updates_per_second

    assert throughput() == (0, 0)
    for run in (resumed, fresh):
        run.note(0, 0.0)  # the worker has begun, and not yet looked where the run stands
        assert run.begun
    resumed.note(500, 1.0)
    assert throughput() == (0, 0)
    fresh.note(10, 5.0)
    assert throughput() == (0, 0)
    resumed.note(520, 11.0)
    fresh.note(130, 11.0)
    assert throughput() == (2, 20)
    fresh.submit()
    assert throughput() == (2, 0)
    assert not fresh.begun
