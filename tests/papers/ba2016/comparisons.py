"""Made-up comparisons of several parts, in the shape of results.json: numbers chosen, not measured."""

from collections.abc import Sequence
from copy import deepcopy
from typing import Any

from fastweights.papers.ba2016.names import OTHER_HEADS
from records import record, study

MODELS = ("irnn", "lstm", "associative-lstm", "fast-weights")
SIZES = (20, 50, 100)
OWN_DATA = ("table", "letter", "more-data", "more-updates", "heads", "again", "matched")
"""Stages whose seeds have training sets of their own."""

ERRORS = {
    ("irnn", 20): 0.6180,
    ("lstm", 20): 0.1200,
    ("associative-lstm", 20): 0.1300,
    ("fast-weights", 20): 0.0080,
    ("irnn", 50): 0.2500,
    ("lstm", 50): 0.0050,
    ("associative-lstm", 50): 0.0170,
    ("fast-weights", 50): 0.0002,
    ("irnn", 100): 0.0040,
    ("lstm", 100): 0.0001,
    ("associative-lstm", 100): 0.0030,
    ("fast-weights", 100): 0.0,
}
"""Of the table, by model and size."""


def run(
    model: str,
    hidden_size: int,
    seed: int,
    part: str,
    *,
    errors: Sequence[float] = (0.6, 0.1),
    test_error: float | None = None,
    cell: dict[str, Any] | None = None,
    updates: int = 1000,
    state: str = "finished",
    num_pairs: int = 4,
    test_curve: bool = False,
    learning_rate: float = 0.001,
    **role: str | float,
) -> dict[str, Any]:
    """A run with one role; its test error is its last validation error unless given."""
    made = record(
        model,
        hidden_size,
        seed,
        validation_errors=errors if state == "finished" else (),
        test_error=(errors[-1] if test_error is None else test_error),
        state=state,
        failure="the loss is not finite at update 7" if state == "failed" else None,
        updates=updates,
        num_pairs=num_pairs,
        learning_rate=learning_rate,
    )
    made["id"] = f"{part}-{model}-{hidden_size}-{seed}-{'-'.join(map(str, role.values()))}-{learning_rate}"
    made["specification"]["model"]["cell"] = {
        "decay": 0.9,
        "write_rate": 0.5,
        "inner_steps": 1,
        **(cell or {}),
    }
    if part in OWN_DATA:
        made["specification"]["data"]["seed"] = seed
    made["roles"] = [{"part": part, **role}]
    if made["result"]:
        made["result"]["state_size"] = hidden_size
    if test_curve:
        made["curve"] = [[*point, point[2], point[3]] for point in made["curve"]]
    return made


def table(model: str, size: int, errors: Sequence[float] = (), **more: Any) -> list[dict[str, Any]]:
    """Five seeds around the cell's error, or these."""
    middle = ERRORS[model, size]
    errors = errors or [middle * factor for factor in (0.96, 0.98, 1.0, 1.02, 1.04)]
    return [run(model, size, 10 + i, "table", errors=(0.6, each), **more) for i, each in enumerate(errors)]


def search(model: str, size: int) -> list[dict[str, Any]]:
    """Two rates, two seeds each; the second rate is the better one."""
    return [
        run(model, size, seed, "search", errors=(0.6, error), learning_rate=rate)
        for rate, error in ((0.001, 0.4), (0.002, 0.3))
        for seed in (0, 1)
    ]


def comparison() -> dict[str, Any]:
    """Every part, all finished but for one failed ablation."""
    runs = [each for model in MODELS for size in SIZES for each in search(model, size)]
    runs += [each for model, size in ERRORS for each in table(model, size)]
    for model in MODELS:
        last = ERRORS[model, 50]
        runs += [
            run(model, 50, 20 + i, "figure-2", errors=(0.6, 0.3, last), updates=1500, test_curve=True)
            for i in range(3)
        ]
        runs += [
            run(model, size, 40 + i, "letter", errors=(0.6, 0.6, 0.6, 0.606 + 0.002 * i))
            for size in (20, 50)
            for i in range(5)
        ]
        runs += [run(model, size, i, "horizon", errors=(0.6, 0.3)) for size in SIZES for i in range(4)]
        runs += [
            run(model, size, 60 + i, "matched", errors=(0.6, 0.2), criterion=criterion, budget=budget)
            for criterion, budget, size in (("parameters", 9290, 21), ("state", 20, 9))
            for i in range(5)
        ]
        runs += ablation(model, "the defaults", "", {}, (0.005, 0.01, 0.02))
    many = {"sequences": 1_000_000}
    runs += [
        run("lstm", 50, 70 + i, "more-updates", errors=(0.6, 0.019), updates=700_000, **many)
        for i in range(3)
    ]
    runs += [run("lstm", 50, 100 + i, "more-data", errors=(0.6, 0.004), **many) for i in range(5)]
    for heads, cell, error in (
        ("one head", {"heads": 1}, 0.2),
        ("mean of three", {"combine_heads": "mean"}, 0.3),
    ):
        runs += [
            run("associative-lstm", 20, 110 + i, "heads", errors=(0.6, error), cell=cell, heads=heads)
            for i in range(5)
        ]
    runs += [run("lstm", 50, 120 + i, "again", errors=(0.6, 0.005)) for i in range(5)]
    runs += ablation("fast-weights", "inner steps S", "0", {"inner_steps": 0}, (0.6, 0.61, 0.62))
    runs += ablation("fast-weights", "pairs K", "8", {}, (0.03, 0.04, 0.05), num_pairs=8)
    runs += ablation("fast-weights", "LN", "none", {"norm": "none"}, (0.1, 0.1, 0.1), state="failed")
    runs += [
        run(
            "fast-weights",
            50,
            30 + i,
            "heat-map",
            errors=(0.6, 0.01 * decay + 0.001 * i),
            cell={"decay": decay, "write_rate": rate},
        )
        for decay in (0.5, 0.9)
        for rate in (0.25, 0.5, 1.0)
        for i in range(3)
    ]
    return study(*runs, preset="paper")


def ablation(
    model: str, choice: str, value: str, cell: dict[str, Any], errors: Sequence[float], **more: Any
) -> list[dict[str, Any]]:
    """Three seeds of one value of a choice."""
    return [
        run(
            model, 50, 30 + i, "ablations", errors=(0.6, error), cell=cell, choice=choice, value=value, **more
        )
        for i, error in enumerate(errors)
    ]


def in_every_reading(runs: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The runs of a table, and others with the same outcomes to the letter and with other heads."""
    readings = [("letter", {}), *(("heads", {"heads": heads}) for heads in OTHER_HEADS)]
    return [
        *runs,
        *(
            {**deepcopy(each), "id": f"{each['id']}-{part}-{role}", "roles": [{"part": part, **role}]}
            for part, role in readings
            for each in runs
            if part == "letter" or each["specification"]["model"]["name"] == "associative-lstm"
        ),
    ]


def unfinished(made: dict[str, Any], keep: int) -> dict[str, Any]:
    """The same as far as its first so many runs: the others wait."""
    waiting = {"state": "waiting", "curve": [], "result": None, "failure": None, "environment": None}
    runs = made["runs"]
    return {**made, "runs": [*runs[:keep], *({**each, **waiting} for each in runs[keep:])]}
