"""Whether what a record says of a run can be so: records come from files and databases that may be damaged.

This module does not import JAX.
"""

from typing import Any

from fastweights.errors import InvalidValueError, StudyError, check
from fastweights.runs.identity import identify

_RESULT = ("test_error", "test_log_likelihood", "test_count", "best_test_error", "parameters", "seconds")


def check_run(identifier: Any, specification: Any, outcome: Any, losses: Any) -> None:
    """Raise StudyError unless a run with these entries can be told of."""
    try:
        check(isinstance(specification, dict), "it has no specification")
        check(identify(specification) == identifier, "its specification does not match its identifier")
        _check_specification(specification)
        if outcome is not None:
            _check_outcome(outcome)
        check(isinstance(losses, list), "its losses are no list")
        for loss in losses:
            _check_kinds(loss, reached=int, reason=str)
    except (ValueError, RecursionError) as error:
        raise StudyError(f"run {identifier!r:.40} of the record is damaged: {error}") from error


def check_roles(roles: Any) -> None:
    """Raise StudyError unless these can be the roles of runs: lists of dictionaries that name a `part`."""
    lists = roles.values() if isinstance(roles, dict) else [None]
    for each in lists:
        if not isinstance(each, list) or not all(
            isinstance(role, dict)
            and isinstance(role.get("part"), str)
            and all(isinstance(value, str | float | int) for value in role.values())
            for role in each
        ):
            raise StudyError(f"the record's roles are damaged: {each!r:.60}")


def _check_specification(specification: dict[str, Any]) -> None:
    _check_kinds(specification, task=dict, model=dict, training=dict, data=dict, seed=int)
    _check_kinds(specification["task"], name=str)
    _check_kinds(specification["model"], name=str, hidden_size=int, cell=dict, classifier=dict)
    _check_kinds(specification["training"], updates=int, learning_rate=float)
    _check_kinds(specification["data"], seed=int, train=int, validation=int, test=int)
    check(specification["training"]["updates"] >= 1, "it has no updates")


def _check_outcome(outcome: Any) -> None:
    _check_kinds(outcome, state=str, curve=list)
    if outcome["state"] not in ("finished", "failed"):
        raise InvalidValueError(f"its state is {outcome['state']!r:.40}")
    for point in outcome["curve"]:
        if not _is_point(point):
            raise InvalidValueError(f"{point!r:.60} is no point of a curve")
    for name, kind in (("result", dict), ("environment", dict), ("failure", str)):
        if not isinstance(outcome.get(name), kind | None):
            raise InvalidValueError(f"its {name} is {outcome.get(name)!r:.40}")
    if outcome["state"] == "finished":
        check(bool(outcome["curve"]), "it finished without a curve")
        _check_kinds(outcome["result"], **dict.fromkeys(_RESULT, float))


# Messages are made only if something is wrong: a study may have a hundred thousand points.
def _check_kinds(value: Any, **kinds: type) -> None:
    """That a dictionary has these entries of these kinds; a whole number is a float too, and a truth value
    is no number."""
    if not isinstance(value, dict):
        raise InvalidValueError(f"expected {', '.join(kinds)}; got {value!r:.40}")
    for name, kind in kinds.items():
        found = value.get(name)
        if not (_is_number(found) if kind is float else type(found) is kind):
            raise InvalidValueError(f"{name} is {found!r:.40}")


def _is_point(point: Any) -> bool:
    """The update, and three numbers, or five if the test set was followed."""
    return (
        type(point) is list
        and len(point) in (4, 6)
        and type(point[0]) is int
        and all(type(each) in (float, int) for each in point)
    )


def _is_number(value: Any) -> bool:
    return type(value) in (float, int)
