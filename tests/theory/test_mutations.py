"""A changed constant makes a check fail: some of every chapter; benchmarks/theory_mutations.py has all."""

from pathlib import Path
from typing import NamedTuple

import pytest

from fastweights import registry
from fastweights.theory.check import Quantity
from fastweights.theory.runner import examine
from mutations.mutants import applied, formulas, mutants
from mutations.scaling import scaled
from mutations.trials import Trials

CHAPTERS = {
    "time-and-feedback": "delay-ring",
    "recurrent-networks": "time-invariance",
    "long-term-memory": "robust-latch",
    "lstm": "forget-half-life",
    "irnn": "np-rnn-spectrum",
    "search": "best-of-many",
    "attention": "soft-to-hard",
    "memories": "crosstalk-variance",
    "hopfield": "softmax-hopfield-attention",
    "dynamics": "lyapunov-method",
    "gradients": "softmax-cross-entropy",
    "fast-weights": "inner-loop-normalised",
    "recurrence": "two-factors-rotate",
    "optimisation": "adam-bias-correction",
}


@pytest.mark.parametrize("name", CHAPTERS.values())
def test_a_check_fails_with_each_of_three_changed_constants(name):
    check = registry.checks[name]()
    assert examine(name, check).holds
    every = mutants(check)
    for mutant in every[:: max(1, len(every) // 3)][:3]:
        with applied(mutant):
            assert not examine(name, check).holds, mutant
    assert examine(name, check).holds, "the change is taken back"


def test_every_kind_of_constant_is_changed():
    changes = {mutant.change for mutant in mutants(registry.checks["capacity"]())}
    assert {"2 → 2.3", "2 → 1.7", "term weights · 1.15", "value · 0.85"} <= changes
    changes = {mutant.change for mutant in mutants(registry.checks["decaying-recall"]())}
    assert "exponent age.astype(float) · 1.15" in changes


def test_formulas_are_functions_among_the_fields_and_what_they_call_but_not_what_draws():
    names = {function.__name__ for function in formulas(registry.checks["hopfield-breakdown"]())}
    assert {"load_at", "susceptibility", "enlarged"} <= names
    assert "spherical" not in {
        function.__name__ for function in formulas(registry.checks["crosstalk-variance"]())
    }


@pytest.mark.thorough
def test_a_mutant_that_comes_to_no_end_is_ended_and_the_next_is_tried():
    """SymPy finds no sum of w^(1.15 l + 1.15), and looks for a very long time."""
    name = "linear-feedback"
    changes = [mutant.change for mutant in mutants(registry.checks[name]())]
    trials = Trials(name, least_seconds=5.0)
    try:
        endless = trials.outcome(changes.index("exponent age + 1 · 1.15"), whole=False)
        assert (endless.word, endless.error[:13]) == ("timed out", "no end within")
        assert trials.outcome(changes.index("value · 1.15"), whole=False).word == "killed"
        assert trials.outcome(changes.index("1 → 1.15"), whole=True).word == "killed"
    finally:
        trials.close()


def test_what_a_formula_returns_is_scaled_whatever_it_is():
    class Pair(NamedTuple):
        first: float
        second: tuple[float, str]

    assert scaled(2.0, 1.5) == 3.0
    assert scaled(Pair(2.0, (4.0, "name")), 0.5) == Pair(1.0, (2.0, "name"))
    assert scaled({"a": [1.0, None]}, 2.0) == {"a": [2.0, None]}
    assert scaled(lambda x: x + 1, 2.0)(3.0) == 8.0
    assert scaled(Quantity("of a dataclass", 1, 2, 4), 0.5) == Quantity("of a dataclass", 0.5, 1, 2)


@pytest.mark.thorough
def test_the_book_counts_the_changes_of_todays_formulas():
    """If not: benchmarks/theory_mutations.py --into docs/book.md."""
    ours = [n for n in registry.checks if registry.checks[n].__module__.startswith("fastweights.")]
    changes = sum(len(mutants(registry.checks[name]())) for name in ours)
    book = (Path(__file__).parents[2] / "docs" / "book.md").read_text(encoding="utf-8")
    (line,) = (line for line in book.splitlines() if line.startswith("| all |"))
    assert line.startswith(f"| all | **{len(ours)}** | **{changes:,}** |")
    assert line.endswith("| **0** |"), "nothing survives without a reason"
