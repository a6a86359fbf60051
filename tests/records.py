"""Made-up records, in the shape of results.json. Their numbers were chosen, not measured."""

from collections.abc import Sequence
from typing import Any

FLOOR = 0.6165


def record(
    model: str = "lstm",
    hidden_size: int = 20,
    seed: int = 0,
    *,
    test_error: float = 0.1,
    validation_errors: Sequence[float] = (0.6, 0.1),
    best_test_error: float | None = None,
    state: str = "finished",
    failure: str | None = None,
    learning_rate: float = 0.001,
    num_pairs: int = 4,
    updates: int = 1000,
    seconds: float = 9.8,
) -> dict[str, Any]:
    """One run; `validation_errors` come every 500 updates. A run that did not finish has no result."""
    finished = state == "finished"
    best = min(validation_errors, default=0.0)
    return {
        "id": f"{model}-{hidden_size}-{learning_rate}-{seed}",
        "state": state,
        "specification": {
            "task": {"name": "associative-retrieval", "num_pairs": num_pairs, "digits": "with-replacement"},
            "model": {
                "name": model,
                "hidden_size": hidden_size,
                "cell": {"decay": 0.9, "write_rate": 0.5},
                "classifier": {"embedding": "direct"},
            },
            "training": {
                "updates": updates,
                "learning_rate": learning_rate,
                "schedule": "constant",
                "batch_size": 128,
                "evaluate_every": 500,
            },
            "data": {"seed": 0, "train": 100000, "validation": 10000, "test": 20000},
            "seed": seed,
        },
        "curve": [
            [500 * (i + 1), 2.3 * error, error, -2.3 * error] for i, error in enumerate(validation_errors)
        ],
        "result": {
            "test_error": test_error,
            "test_log_likelihood": -2 * test_error,
            "test_count": 20000,
            "best_update": 500,
            "best_validation_error": best,
            "best_test_error": test_error if best_test_error is None else best_test_error,
            "parameters": 17410,
            "seconds": seconds,
        }
        if finished
        else None,
        "failure": failure,
        "floor": FLOOR,
        "environment": {"fastweights": "0.1.0", "jax": "0.0", "python": "3.11", "processor": "a processor"}
        if finished
        else None,
    }


def study(*runs: dict[str, Any], preset: str = "quick") -> dict[str, Any]:
    """The content of results.json around these runs."""
    return {"format": 1, "study": {"preset": preset, "options": {"seeds": 3}}, "runs": list(runs)}


def mixed_study() -> dict[str, Any]:
    """Two sizes and three models: finished, failed, interrupted and waiting."""
    return study(
        record("irnn", 20, test_error=0.6211, validation_errors=(0.7, 0.62)),
        record("lstm", 20, state="failed", failure="the loss is not finite at update 812"),
        *(record("fast-weights", 20, seed, test_error=0.0181) for seed in range(3)),
        record("irnn", 50, state="waiting", validation_errors=()),
        record("lstm", 50, state="interrupted", validation_errors=(0.6,)),
        record("fast-weights", 50, test_error=0.0, validation_errors=(0.6, 0.0)),
    )
