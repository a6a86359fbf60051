"""A made-up inspection.json: numbers chosen, not computed by any network."""

from typing import Any


def inspection(units: int = 3, tokens: str = "c9k8??c", run: str = "0123456789ab") -> dict[str, Any]:
    """One network of so many units, and one sequence."""
    length = len(tokens)
    return {
        "format": 1,
        "models": [
            {
                "run": run,
                "hidden_size": units,
                "seed": 12,
                "test_error": 0.0125,
                "decay": 0.9,
                "write_rate": 0.5,
                "sequences": [
                    {
                        "tokens": tokens,
                        "target": "9",
                        "answer": "9",
                        "probability": 0.75,
                        "attention": [[0.1 * j * (j < i) for j in range(length)] for i in range(length)],
                        "hidden": [[0.1 * (i + j) for j in range(units)] for i in range(length)],
                    }
                ],
            }
        ],
    }
