"""Any finite automaton as a recurrent network of ReLUs, without training."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float, Int

from fastweights.theory import Check, Finding, Quantity, register_check
from fastweights.theory.networks import run_once, simple_cell

_STEPS = 2000

Table = Int[np.ndarray, "states symbols"]
"""δ: the next state, given a state and a symbol."""


def units(states: int, symbols: int) -> int:
    """Q S + 1: one for each pair of a state and a symbol, and one that is active before the first step."""
    return states * symbols + 1


@register_check("automaton-by-hand", source="Minsky 1967, Computation; this project for ReLUs")
class AutomatonByHand(Check):
    """Unit (q, s) has weight 1 from every unit (q', s') with δ(q', s') = q, weight 1 from the symbol s, and
    the bias −1: so it is relu(1 + 1 − 1) = 1 if the automaton was in q and s came, and relu(0) = 0 otherwise.

    All numbers are 0, 1 or 2, so that nothing is rounded: every state must be exactly 0 or 1, and the one
    active unit must name the automaton's state and symbol, at every step.
    """

    statement = "Q S + 1 rectified linear units are any automaton of Q states and S symbols, for any time."

    units: Callable[[int, int], int] = units
    """How many, given Q and S."""

    edge: float = 1.0
    """The weight from a unit whose pair leads to the state q to those of q."""

    symbol: float = 1.0
    """The weight from the symbol of a unit."""

    threshold: float = 1.0
    """Less the bias."""

    def examine(self) -> Finding:
        """Parity, the permutations of three things under two swaps, and three random automata."""
        rng = np.random.default_rng(0)
        swaps = np.array([[1, 2], [0, 3], [4, 0], [5, 1], [2, 5], [3, 4]])
        tables = [np.array([[0, 1], [1, 0]]), swaps, *(rng.integers(0, 4, (4, 3)) for _ in range(3))]
        wrong, off, sizes = 0, [], []
        for table in tables:
            word = rng.integers(0, table.shape[1], _STEPS)
            activities = self._run(table, word)
            expected = _active(table, word)
            wrong += int(np.sum(activities.argmax(axis=1) != expected))
            off.append(abs(activities - np.eye(activities.shape[1])[expected]).max())
            sizes.append(activities.shape[1] - self.units(*table.shape))
        return Finding(
            Quantity("steps at which the most active unit is another", wrong, 0, 0),
            Quantity("activities off 0 and 1", max(off), 0, 0),
            Quantity("units beside Q S + 1", max(map(abs, sizes)), 0, 0),
        )

    def _run(self, table: Table, word: Int[np.ndarray, " time"]) -> Float[np.ndarray, "time units"]:
        """The activities of the library's network with these weights, from the start unit."""
        states, symbols = table.shape
        into = np.repeat(np.arange(states), symbols)[:, None] == table.reshape(-1)[None]
        recurrent = np.zeros((states * symbols + 1,) * 2)
        recurrent[:-1, :-1] = self.edge * into
        recurrent[:symbols, -1] = self.edge  # the start unit stands for being in state 0
        inputs = np.zeros((len(recurrent), symbols))
        inputs[:-1] = self.symbol * np.tile(np.eye(symbols), (states, 1))
        network = simple_cell("irnn", recurrent, inputs, np.full(len(recurrent), -self.threshold))
        start = np.eye(len(recurrent))[-1]
        return _unroll(network, np.eye(symbols)[word], start)


def _active(table: Table, word: Int[np.ndarray, " time"]) -> Int[np.ndarray, " time"]:
    """The index of the pair (state before, symbol) at each step, by the automaton itself."""
    state, pairs = 0, []
    for symbol in word:
        pairs.append(state * table.shape[1] + symbol)
        state = table[state, symbol]
    return np.array(pairs)


@run_once
def _unroll(cell, inputs, start):
    return cell.unroll(inputs, start)[0]
