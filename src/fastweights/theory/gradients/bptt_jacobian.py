"""Back-propagation through time as one formula of matrices, against automatic differentiation."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import numpy as np
from jax import Array
from jaxtyping import Float, Int

from fastweights.cells.standard_rnn import StandardRNN
from fastweights.models import ClassifierOptions, Perceptron, SequenceClassifier
from fastweights.theory import Check, Finding, Quantity, register_check
from fastweights.theory.networks import built, perturbed, run_once
from fastweights.theory.rounding import roundings_apart, within_rounding
from fastweights.training.datasets import Sequences
from fastweights.training.step import loss

Vector = Float[np.ndarray, " size"]
Matrix = Float[np.ndarray, "rows columns"]

_INPUT, _UNITS, _HIDDEN, _CLASSES, _SYMBOLS, _STEPS = 3, 5, 7, 4, 11, 13


def of_weights(vector: Vector, units: int) -> Matrix:
    """The Jacobian of W v for vec W, whose columns are stacked: vᵀ ⊗ I."""
    return np.kron(vector[None], np.eye(units))


def one_step_back(error: Vector, recurrent: Matrix, slopes: Vector) -> Vector:
    """δ(τ) from δ(τ+1), both rows: δ(τ+1) W diag f′(a(τ))."""
    return error @ recurrent @ np.diag(slopes)


@register_check("bptt-jacobian", source="Werbos 1990, Proc. IEEE 78:1550; Magnus & Neudecker 2019, chapter 9")
class BpttJacobian(Check):
    """J_W E = Σ_τ δ(τ) (h(τ−1)ᵀ ⊗ I), and the same with x(τ) for C, for the standard RNN.

    Every term of the sum is a product of numbers that goes through at most T (R + 2) roundings on its way
    back, those of the read-out, and as many in the states it is made of; the bound takes twice the sum of
    them, because slopes are 1 − h². The size of the terms is the same formula with absolute values.
    """

    statement = "Back-propagation through time is the sum of δ(τ) (h(τ−1)ᵀ ⊗ I) over τ."

    jacobian: Callable[[Vector, int], Matrix] = of_weights
    """J of W v for vec W, given v and the number of rows of W."""

    slope: Callable[[np.ndarray], np.ndarray] = lambda states: 1 - states**2
    """f′(a) of f = tanh, given f(a)."""

    back: Callable[[Vector, Matrix, Vector], Vector] = one_step_back
    """δ(τ) from δ(τ+1), W and f′(a(τ))."""

    def examine(self) -> Finding:
        """For W and C, on one sequence through a whole classifier; and vec W by symbols."""
        model, tokens, target = _classifier()
        states, inputs, gradients = _by_autodiff(model, tokens, target)
        exact, sizes = (self._formula(model, states, inputs, int(target[0]), of) for of in (np.asarray, abs))
        count = 4 * (_STEPS * (_UNITS + 2) + 2 * _UNITS + 2 * _HIDDEN + _CLASSES)
        apart = [
            within_rounding(
                f"{name}, formula against autodiff",
                roundings_apart(gradient.reshape(-1, order="F"), row, size, count),
            )
            for name, gradient, row, size in zip(("J_W E", "J_C E"), gradients, exact, sizes, strict=True)
        ]
        wrong = _symbolic_differences(self.jacobian)
        return Finding(*apart, Quantity("entries of J_W (W h) that differ, by symbols", wrong, highest=0))

    def _formula(
        self,
        model: Any,
        states: Float[np.ndarray, "time hidden"],
        inputs: Float[np.ndarray, "time input"],
        target: int,
        of: Callable[[np.ndarray], np.ndarray],
    ) -> tuple[Float[np.ndarray, " vec_w"], Float[np.ndarray, " vec_c"]]:
        """J_W E and J_C E, or, with `of=abs`, the sums of the sizes of their terms."""
        recurrent, slopes = of(np.asarray(model.cell.recurrent)), self.slope(states)
        before = np.vstack([np.zeros(_UNITS), states[:-1]])
        error = _at_the_end(model.readout, states[-1], target, of) @ np.diag(slopes[-1])
        total_w, total_c = np.zeros(_UNITS**2), np.zeros(_UNITS * _INPUT)
        for t in reversed(range(_STEPS)):
            total_w += error @ self.jacobian(of(before[t]), _UNITS)
            total_c += error @ self.jacobian(of(inputs[t]), _UNITS)
            if t:
                error = self.back(error, recurrent, slopes[t - 1])
        return total_w, total_c


def _at_the_end(
    readout: Perceptron, state: Vector, target: int, of: Callable[[np.ndarray], np.ndarray]
) -> Vector:
    """∂E/∂h(T): (y − e) V diag(1[U h + u > 0]) U."""
    inner, inner_bias, outer, outer_bias = map(np.asarray, jax.tree.leaves(readout))
    summed = inner @ state + inner_bias
    logits = outer @ np.maximum(summed, 0) + outer_bias
    softmax = np.exp(logits - logits.max())
    softmax /= softmax.sum()
    return (of(softmax) + of(-np.eye(_CLASSES)[target])) @ of(outer) @ np.diag(summed > 0) @ of(inner)


def _classifier() -> tuple[SequenceClassifier, Int[np.ndarray, "1 time"], Int[np.ndarray, " 1"]]:
    """A classifier with all numbers in generic position, a sequence and its class."""

    def make() -> SequenceClassifier:
        cell = StandardRNN(_INPUT, _UNITS, key=jax.random.key(0))
        options = ClassifierOptions(readout_size=_HIDDEN)
        return SequenceClassifier(cell, _SYMBOLS, _CLASSES, options=options, key=jax.random.key(1))

    tokens = np.random.default_rng(1).integers(_SYMBOLS, size=(1, _STEPS))
    return perturbed(built(make), 0), tokens, np.array([2])


@run_once
def _by_autodiff(
    model: SequenceClassifier, tokens: Int[Array, "1 time"], target: Int[Array, " 1"]
) -> tuple[Float[Array, "time hidden"], Float[Array, "time input"], tuple[Array, Array]]:
    """The states, the inputs, and the derivatives of the loss for W and C."""
    inputs = model.embedding.vectors(model.num_symbols)[tokens[0]]
    states, _ = model.cell.unroll(inputs)
    gradient = eqx.filter_grad(loss)(model, Sequences(tokens, target)).cell
    return states, inputs, (gradient.recurrent, gradient.input)


def _symbolic_differences(jacobian: Callable[[Vector, int], Matrix]) -> int:
    """In how many entries the Jacobian of W h for vec W, by symbols, is not the given one."""
    from sympy import Matrix as Symbols
    from sympy import symbols

    rows, columns = 3, 2
    weights = Symbols(rows, columns, symbols(f"w:{rows * columns}"))
    vector = Symbols(columns, 1, symbols(f"h:{columns}"))
    exact = (weights * vector).jacobian(weights.T.reshape(rows * columns, 1))  # transposed, rows are columns
    given = sum(
        (vector[i] * Symbols(jacobian(np.eye(columns)[i], rows).astype(int)) for i in range(columns)),
        start=Symbols.zeros(rows, rows * columns),
    )
    return sum(entry != 0 for entry in exact - given)
