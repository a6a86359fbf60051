"""A study as a coordinator leaves it: one run finished, one failed, one begun and lost once, one waiting.

Its numbers were chosen, not measured.
"""

from fastweights.studies.description import get_preset
from fastweights.studies.plans import Choice
from fastweights.studies.record.folder import locate, save_location
from fastweights.studies.record.writable_store import WritableStore

TRACEBACK = "Traceback (most recent call last):\n  in unroll\nValueError: [red]shapes[/red] differ"
HEARTBEAT = {
    "owner": "process 1 on elsewhere",
    "executor": "local",
    "workers": 2,
    "takes_over": "its last checkpoint",
}


def make_study(directory, url=None, name=None):
    """The open record of the study; two R, seeds 0 and 1, 300 updates each, in plan order."""
    place = locate(directory, url, name)
    directory.mkdir(exist_ok=True)
    store = WritableStore(place.storage, place.study, "smoke")
    save_location(directory, place)
    store.record_arguments("--models lstm --hidden-sizes 20 50 --seeds 2".split())
    planned = get_preset("smoke").plan(Choice(["lstm"], [20, 50], 2))({})
    specifications = [each.specification for each in planned]
    store.plan((each.identifier, each.to_json(), each.task.floor()) for each in specifications)
    finished, failed, begun, _ = store.runs()
    curve = [[update, 2.0, 0.5 - update / 1000, -1.0] for update in (100, 200, 300)]
    for run in (finished, failed, begun):
        store.begin(run)
    for update, _, error, _ in curve:
        store.report(finished, update, error)
    store.finish(finished, _outcome("finished", curve=curve, result=_result(), environment={"jax": "0.0"}))
    store.report(failed, 100, 0.45)
    store.finish(failed, _outcome("failed", failure=f"lost 3 times at update 100; the last:\n{TRACEBACK}"))
    store.report(begun, 100, 0.25)
    store.record_crashes(begun, [{"reached": 0, "reason": "its worker died"}])
    store.heartbeat({**HEARTBEAT, "updates_per_second": {begun.identifier: 50.0}})
    return store


def _outcome(state, *, curve=(), result=None, failure=None, environment=None):
    return {
        "state": state,
        "curve": list(curve),
        "result": result,
        "failure": failure,
        "environment": environment,
    }


def _result():
    return {
        "test_error": 0.2125,
        "test_log_likelihood": -0.5,
        "test_count": 2000,
        "best_update": 300,
        "best_validation_error": 0.2,
        "best_test_error": 0.2125,
        "parameters": 16490,
        "seconds": 3.0,
    }
