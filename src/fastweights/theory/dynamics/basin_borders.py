"""Basins of attraction of two units, and what lies between them."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from fastweights.registry import register_check
from fastweights.theory.check import Check, Finding, Quantity
from fastweights.theory.dynamics.additive_model import (
    STEEPEST_BEND,
    AdditiveModel,
    integrate,
    jacobian,
    rest_points,
    runge_kutta,
    start_grid,
)
from fastweights.theory.plot import Image, Panel, Series
from fastweights.theory.rounding import UNIT

_REACH, _ROWS = 3.0, 60
_SHIFT = np.array([[0.017], [0.031]])  # no point of the grid lies on a diagonal
_FLIP_FLOP = ((0.0, 2.0), (2.0, 0.0))
_MEMORIES, _CURRENTS = [[2.0, 0.3], [0.3, 2.0]], [[0.1], [0.05]]
_END, _TOLERANCE = 60.0, 1e-8
_OFF, _ASIDE = 1e-4, 1e-3
_BACK, _STEPS, _EVERY = 30.0, 3000, 40

Points = Float[np.ndarray, "2 _points"]


class Border(NamedTuple):
    """Half of a saddle's stable manifold: the part within the grid's square, and well away from its ends."""

    path: Points
    beside: Float[np.ndarray, "2 _points 2"]
    """Some of its points, moved a little to either side."""
    leaving: Float[np.ndarray, "2 2"]
    """Two starts near the saddle, in its unstable direction."""


def on_diagonal(points: Points) -> Float[np.ndarray, " _points"]:
    """0 on the border, positive on one side of it."""
    return points[0] + points[1]


@register_check("basin-borders", source="Hirsch & Smale 1974, chapter 9; Haykin 2009, sections 13.3 and 13.4")
class BasinBorders(Check):
    """Every start ends in an equilibrium, and what parts two basins is the stable manifold of a saddle. For
    the flip-flop w_12 = w_21 > 1 it is the diagonal v_1 = −v_2: on it, v_1 + v_2 stays 0, and off it, its
    sign.

    A trajectory has ended in a stable equilibrium when it is within a distance that is certainly attracted:
    −2 μ/(max|φ″| ‖W‖), where μ, the largest eigenvalue of the Jacobian's symmetric part, is negative.

    The manifold is traced backwards in time from both sides of the saddle, off by 10⁻⁴ in the stable
    direction, where it is curved away by the square of that, and neighbours draw closer on the way. Points at
    10⁻³ on its two sides must end in the two equilibria that trajectories leaving the saddle go to. On the
    diagonal the only errors are those of rounding: one of every step, e times as large at the most by the
    time the square is left.
    """

    statement = "Basins of attraction are parted by the stable manifolds of saddles."

    weights: tuple[tuple[float, float], tuple[float, float]] = _FLIP_FLOP
    """Of the flip-flop."""

    border: Callable[[Points], np.ndarray] = on_diagonal
    """The border of the flip-flop's basins, as the zeros of a function that has a sign on either side."""

    stable: Callable[[np.ndarray], np.intp] = np.argmin
    """Which of a saddle's eigenvalues belongs to the direction that leads to it."""

    def examine(self) -> Finding:
        """For a flip-flop, and for a net of four memories and with currents."""
        models = AdditiveModel.of(self.weights), AdditiveModel.of(_MEMORIES, _CURRENTS)
        points = [rest_points(model, start_grid(4, 15)).T for model in models]
        kinds = [
            [int((np.linalg.eigvals(jacobian(model, point)).real > 0).sum()) for point in each]
            for model, each in zip(models, points, strict=True)
        ]
        borders = [
            [
                border
                for point, kind in zip(p, k, strict=True)
                if kind == 1
                for border in self._borders(m, point, p)
            ]
            for m, p, k in zip(models, points, kinds, strict=True)
        ]
        grid = start_grid(_REACH, _ROWS) + _SHIFT
        ends = _ends(models, [[grid, *_starts(each)] for each in borders])
        stable = [p[np.array(k) == 0] for p, k in zip(points, kinds, strict=True)]
        labels, distances = zip(
            *(_reached(*each) for each in zip(models, stable, ends, strict=True)), strict=True
        )
        sides = np.sign(self.border(grid)) * np.sign(self.border(stable[0].T)[labels[0][: grid.shape[1]]])
        diagonal = max(np.abs(self.border(border.path)).max() for border in borders[0])
        beside, wrong = np.sum(
            [_wrong_sides(*each, grid.shape[1]) for each in zip(borders, labels, strict=True)], 0
        )
        return Finding(
            (
                Quantity(
                    "largest distance at the end, over what is certainly attracted", max(distances), highest=1
                ),
                Quantity("flip-flop: starts that end beyond v₁ = −v₂", (sides != 1).sum(), highest=0),
                Quantity(
                    "flip-flop: |v₁ + v₂| on the traced border",
                    diagonal,
                    highest=np.e * _STEPS * _REACH * 2 * UNIT,
                ),
                Quantity(f"of {beside} pairs beside a border, those that end elsewhere", wrong, highest=0),
            ),
            _panels(labels, stable, points, kinds, borders),
        )

    def _borders(
        self, model: AdditiveModel, saddle: Float[np.ndarray, " 2"], points: np.ndarray
    ) -> list[Border]:
        """Both halves of its stable manifold."""
        values, vectors = np.linalg.eig(jacobian(model, saddle))
        towards, away = vectors[:, self.stable(np.real(values))], vectors[:, 1 - self.stable(np.real(values))]
        leaving = saddle[:, None] + _ASIDE * np.stack([away, -away], axis=1)
        others = np.array([point for point in points if np.abs(point - saddle).max() > 1e-6])
        starts = saddle[:, None] + _OFF * np.stack([towards, -towards], axis=1)
        weights, currents = np.asarray(model.weights), np.asarray(model.currents)
        paths = runge_kutta(lambda v: v - weights @ np.tanh(v) - currents, starts, _BACK, _STEPS)
        borders = []
        for path in np.moveaxis(paths, -1, 0):
            inside = np.abs(path).max(1) < _REACH
            clear = np.linalg.norm(path[:, None] - others, axis=2).min(1) > 0.1
            path = path[inside & clear].T
            along = np.gradient(path, axis=1)[:, ::_EVERY]
            across = np.stack([-along[1], along[0]]) / np.linalg.norm(along, axis=0)
            sides = path[:, ::_EVERY, None] + _ASIDE * across[..., None] * [1, -1]
            borders.append(Border(path, sides, leaving))
        return borders


def _starts(borders: Sequence[Border]) -> list[Points]:
    return [part for border in borders for part in (border.beside.reshape(2, -1), border.leaving)]


def _ends(models: Sequence[AdditiveModel], starts: Sequence[Sequence[Points]]) -> list[Points]:
    """Where the starts end; all nets at once, with as many starts as the one that has most."""
    columns = [np.concatenate(each, axis=1) for each in starts]
    most = max(each.shape[1] for each in columns)
    padded = np.stack([np.pad(each, ((0, 0), (0, most - each.shape[1]))) for each in columns])
    both = AdditiveModel.of(*(np.stack([getattr(m, n) for m in models]) for n in ("weights", "currents")))
    ends = integrate(both, padded, np.array([0, _END]), _TOLERANCE)[0][-1]
    return [end[:, : each.shape[1]] for end, each in zip(ends, columns, strict=True)]


def _reached(
    model: AdditiveModel, stable: Float[np.ndarray, "stable 2"], ends: Points
) -> tuple[Int[np.ndarray, " starts"], float]:
    """Which stable equilibrium each is nearest to; and the largest distance from it, in units of the distance
    within which everything is attracted."""
    distances = np.linalg.norm(ends.T[:, None] - stable, axis=2)
    bend = STEEPEST_BEND * np.linalg.norm(np.asarray(model.weights), 2)
    rates = [np.linalg.eigvalsh((j + j.T) / 2).max() for j in (jacobian(model, point) for point in stable)]
    attracted = np.maximum(-2 * np.array(rates) / bend, 0)
    nearest = distances.argmin(1)
    with np.errstate(divide="ignore"):
        return nearest, float((distances.min(1) / attracted[nearest]).max())


def _wrong_sides(
    borders: Sequence[Border], labels: Int[np.ndarray, " starts"], skipped: int
) -> tuple[int, int]:
    """Pairs on both sides of a border; and those that end elsewhere than what leaves the saddle."""
    pairs = wrong = 0
    for border in borders:
        count = border.beside[0].size
        ends = labels[skipped : skipped + count].reshape(-1, 2)
        goals = np.sort(labels[skipped + count : skipped + count + 2])
        pairs, wrong = pairs + len(ends), wrong + int((np.sort(ends, axis=1) != goals).any(1).sum())
        wrong += int(goals[0] == goals[1])
        skipped += count + 2
    return pairs, wrong


def _panels(labels, stable, points, kinds, borders) -> list[Panel]:
    panels = []
    for i, title in enumerate(("A flip-flop", "Four memories, with currents")):
        basins = labels[i][: _ROWS**2].reshape(_ROWS, _ROWS)
        half = _REACH / (_ROWS - 1)
        low, high = _SHIFT[:, 0] - _REACH - half, _SHIFT[:, 0] + _REACH + half
        gap = np.full((2, 1), np.nan)
        lines = np.concatenate([part for border in borders[i] for part in (border.path, gap)], axis=1)
        saddles = points[i][np.array(kinds[i]) == 1]
        named = ("stable equilibria", "saddles and their stable manifolds") if i == 0 else ("", "")
        series = [
            Series(named[0], stable[i][:, 0], stable[i][:, 1], "marks", group="stable"),
            Series(named[1], lines[0], lines[1], group="saddle"),
            Series("", saddles[:, 0], saddles[:, 1], "marks", group="saddle"),
        ]
        image = Image(basins, extent=(low[0], high[0], low[1], high[1]))
        panels.append(Panel(title, "v₁", "v₂", series, image))
    return panels
