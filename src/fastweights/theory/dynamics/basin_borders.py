"""Basins of attraction of two units, and the borders between them."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Int
from scipy.optimize import brentq

from fastweights.theory import Check, Finding, Image, Panel, Quantity, Series, register_check
from fastweights.theory.dynamics.additive_model import (
    STEEPEST_BEND,
    AdditiveModel,
    equilibria,
    integrate,
    jacobian,
    runge_kutta,
    start_grid,
)
from fastweights.theory.rounding import UNIT

_REACH, _ROWS = 3.0, 60
_SHIFT = np.array([0.017, 0.031])  # no point of the grid lies on a diagonal
_FLIP_FLOP = ((0.0, 2.0), (2.0, 0.0))
_MEMORIES, _CURRENTS = [[2.0, 0.3], [0.3, 2.0]], [0.1, 0.05]
_END, _TOLERANCE = 60.0, 1e-8
_OFF, _ASIDE = 1e-4, 1e-3
_BACK, _STEPS, _EVERY = 30.0, 3000, 40
_WEAK = 0.05

Points = Float[np.ndarray, "_points 2"]


class Border(NamedTuple):
    """Half of a saddle's stable manifold: the part within the grid's square, and well away from its
    ends."""

    path: Points
    beside: Points
    """Some of its points, moved a little to one side and, in the next row, to the other."""
    leaving: Points
    """Two starts near the saddle, in its unstable direction."""


class Portrait(NamedTuple):
    """A net's stable equilibria and saddles, and the saddles' stable manifolds."""

    model: AdditiveModel
    stable: Points
    saddles: Points
    borders: Sequence[Border]


def on_diagonal(points: Points) -> Float[np.ndarray, " _points"]:
    """0 on the border, positive on one side of it."""
    return points[:, 0] + points[:, 1]  # survives: only its zeros and its sign are used


def certain(rate: Any, size: float) -> Any:
    """−2 μ/(max|φ″| ‖W‖): the distance from a stable equilibrium within which everything is attracted."""
    return -2 * rate / (STEEPEST_BEND * size)


@register_check("basin-borders", source="Hirsch & Smale 1974, chapter 9; Haykin 2009, sections 13.3 and 13.4")
class BasinBorders(Check):
    """Every start ends in an equilibrium, and two basins are separated by the stable manifold of a
    saddle. For the flip-flop w_12 = w_21 > 1 it is the diagonal v_1 = −v_2: on it, v_1 + v_2 stays 0, and
    off it, its sign stays.

    A trajectory counts as ended in a stable equilibrium once it is so near that it is certainly
    attracted: −2 μ/(max|φ″| ‖W‖), where μ, the largest eigenvalue of the Jacobian's symmetric part, is
    negative. One unit shows that no larger distance would do: where its equilibrium lies at the largest
    |φ″|, where φ‴ = 0, the basin ends at an unstable equilibrium whose distance is that one, up to the
    factor 1 + μ² + O(μ⁴).

    The manifold is traced backwards in time from both sides of the saddle, off by 10⁻⁴ in the stable
    direction, where it curves away by the square of that, and neighbours come closer on the way. Points
    at 10⁻³ on its two sides must end in the two equilibria that trajectories leaving the saddle go to. On
    the diagonal the only errors are those of rounding: one of every step, at most e times as large by the
    time the trajectory leaves the square.
    """

    statement = "Basins of attraction are separated by the stable manifolds of saddles."
    has_figure = True

    weights: tuple[tuple[float, float], tuple[float, float]] = _FLIP_FLOP
    """The weights of the flip-flop."""

    border: Callable[[Points], np.ndarray] = on_diagonal
    """The border of the flip-flop's basins, as the zeros of a function with a sign on either side."""

    certain: Callable[[Any, float], Any] = certain
    """The distance within which everything is attracted, given μ and ‖W‖."""

    stable: Callable[[np.ndarray], np.intp] = np.argmin
    """The index of a saddle's eigenvalue whose direction is stable."""

    def examine(self) -> Finding:
        """For a flip-flop, and for a net of four memories and with currents; and for one unit."""
        models = AdditiveModel.of(self.weights), AdditiveModel.of(_MEMORIES, _CURRENTS)
        portraits = [self._portrait(model) for model in models]
        grid = start_grid(_REACH, _ROWS) + _SHIFT
        ends = _ends(models, [[grid, *_starts(portrait.borders)] for portrait in portraits])
        labels, distances = zip(*map(self._reached, portraits, ends), strict=True)
        flip_flop, count = portraits[0], len(grid)
        sides = np.sign(self.border(grid)) * np.sign(self.border(flip_flop.stable[labels[0][:count]]))
        traced = max(np.abs(self.border(border.path)).max() for border in flip_flop.borders)
        beside, wrong = np.sum(
            [_wrong_sides(p.borders, ends, count) for p, ends in zip(portraits, labels, strict=True)], 0
        )
        rounding = np.e * _STEPS * _REACH * 2 * UNIT
        name = "largest distance at the end, over what is certainly attracted"
        return Finding(
            Quantity(name, max(distances), highest=1),
            self._of_one_unit(),
            Quantity("flip-flop: starts that end beyond v₁ = −v₂", (sides != 1).sum(), highest=0),
            Quantity("flip-flop: |v₁ + v₂| on the traced border", traced, highest=rounding),
            Quantity(f"of {beside} pairs beside a border, those that end elsewhere", wrong, highest=0),
            panels=_panels(labels, portraits),
        )

    def _of_one_unit(self) -> Quantity:
        """dv/dt = −v + w tanh v + I, at rest where |φ″| is largest, with μ = −0.05."""
        rest = np.arctanh(1 / np.sqrt(3))
        weight = 1.5 * (1 - _WEAK)  # the slope of tanh is 2/3 there

        def velocity(away: float) -> float:
            return -away + weight * (np.tanh(rest + away) - np.tanh(rest))

        border: Any = brentq(velocity, -4 * _WEAK, -_WEAK / 2, xtol=UNIT)
        ratio = -border / self.certain(-_WEAK, weight)
        name = f"one unit, μ = −{_WEAK}: where its basin ends, over what is certainly attracted"
        return Quantity.near(name, ratio, 1, 2 * _WEAK**2)

    def _reached(self, portrait: Portrait, ends: Points) -> tuple[Int[np.ndarray, " _starts"], float]:
        """The stable equilibrium nearest to each end; and the largest distance from it, in units of the
        distance within which everything is attracted."""
        distances = np.linalg.norm(ends[:, None] - portrait.stable, axis=2)
        jacobians = [jacobian(portrait.model, point) for point in portrait.stable]
        rates = np.array([np.linalg.eigvalsh((j + j.T) / 2).max() for j in jacobians])
        size = float(np.linalg.norm(np.asarray(portrait.model.weights), 2))
        attracted, nearest = self.certain(np.minimum(rates, 0), size), distances.argmin(1)
        with np.errstate(divide="ignore"):
            return nearest, float((distances.min(1) / attracted[nearest]).max())

    def _portrait(self, model: AdditiveModel) -> Portrait:
        points = equilibria(model, start_grid(4, 15))
        growing = np.array([(np.linalg.eigvals(jacobian(model, v)).real > 0).sum() for v in points])
        saddles = points[growing == 1]
        borders = [border for saddle in saddles for border in self._borders(model, saddle, points)]
        return Portrait(model, points[growing == 0], saddles, borders)

    def _borders(
        self, model: AdditiveModel, saddle: Float[np.ndarray, " 2"], points: np.ndarray
    ) -> list[Border]:
        """Both halves of its stable manifold."""
        values, vectors = np.linalg.eig(jacobian(model, saddle))
        stable = self.stable(np.real(values))
        towards, away = vectors[:, stable], vectors[:, 1 - stable]
        leaving = saddle + _ASIDE * np.stack([away, -away])
        others = points[np.abs(points - saddle).max(1) > 1e-6]
        starts = saddle + _OFF * np.stack([towards, -towards])
        weights, currents = np.asarray(model.weights), np.asarray(model.currents)
        paths = runge_kutta(lambda v: v - np.tanh(v) @ weights.T - currents, starts, _BACK, _STEPS)
        borders = []
        for path in paths.swapaxes(0, 1):
            inside = np.abs(path).max(1) < _REACH
            clear = np.linalg.norm(path[:, None] - others, axis=2).min(1) > 0.1
            path = path[inside & clear]
            along = np.gradient(path, axis=0)[::_EVERY]
            across = along[:, ::-1] * [-1, 1] / np.linalg.norm(along, axis=1, keepdims=True)
            sides = path[::_EVERY, None] + _ASIDE * across[:, None] * [[1], [-1]]
            borders.append(Border(path, sides.reshape(-1, 2), leaving))
        return borders


def _starts(borders: Sequence[Border]) -> list[Points]:
    return [part for border in borders for part in (border.beside, border.leaving)]


def _ends(models: Sequence[AdditiveModel], starts: Sequence[Sequence[Points]]) -> list[Points]:
    """The ends of the trajectories from some starts; all nets at once, padded to the same number of
    starts."""
    of_nets = [np.concatenate(points) for points in starts]
    most = max(map(len, of_nets))
    padded = np.stack([np.pad(points, ((0, most - len(points)), (0, 0))) for points in of_nets])
    ends = integrate(AdditiveModel.stacked(models), padded, np.array([0, _END]), _TOLERANCE)[0][-1]
    return [end[: len(points)] for end, points in zip(ends, of_nets, strict=True)]


def _wrong_sides(
    borders: Sequence[Border], labels: Int[np.ndarray, " _starts"], skipped: int
) -> tuple[int, int]:
    """Pairs on both sides of a border; and those whose ends differ from those of the starts that leave the
    saddle."""
    pairs = wrong = 0
    for border in borders:
        count = len(border.beside)
        ends = labels[skipped : skipped + count].reshape(-1, 2)
        goals = np.sort(labels[skipped + count : skipped + count + 2])
        pairs, wrong = pairs + len(ends), wrong + int((np.sort(ends, axis=1) != goals).any(1).sum())
        wrong += int(goals[0] == goals[1])
        skipped += count + 2
    return pairs, wrong


def _panels(labels: Sequence[Int[np.ndarray, " _starts"]], portraits: Sequence[Portrait]) -> list[Panel]:
    titles = "A flip-flop", "Four memories, with currents"
    names = ("stable equilibria", "saddles and their stable manifolds"), ("", "")
    half, gap, panels = _REACH / (_ROWS - 1), np.full((1, 2), np.nan), []
    low, high = _SHIFT - _REACH - half, _SHIFT + _REACH + half
    for title, (stable, saddle), basins, portrait in zip(titles, names, labels, portraits, strict=True):
        paths = np.concatenate([part for border in portrait.borders for part in (border.path, gap)])
        series = [
            Series(stable, *portrait.stable.T, kind="marks", group="stable"),
            Series(saddle, *paths.T, group="saddle"),
            Series("", *portrait.saddles.T, kind="marks", group="saddle"),
        ]
        grid = basins[: _ROWS**2].reshape(_ROWS, _ROWS)
        image = Image(grid, extent=(low[0], high[0], low[1], high[1]))
        panels.append(Panel(title, "v₁", "v₂", series, image))
    return panels
