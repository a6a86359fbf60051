"""Equilibria of the additive model: their number, their kinds, and the rates at which they are left or
approached."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import equinox as eqx
import numpy as np
from jaxtyping import Complex, Float

from fastweights.theory import Check, Finding, Panel, Quantity, Series, register_check
from fastweights.theory.dynamics.additive_model import (
    STEEPEST_BEND,
    AdditiveModel,
    equilibria,
    integrate,
    jacobian,
    local_error,
    start_grid,
)

_DIRECTIONS, _DISTANCE = 32, 1e-4
_TIMES = np.linspace(0, 2 * np.pi, 64)  # in units of each equilibrium's own time
_FIRST_UNIT = 10  # the number of times up to 1
_TOLERANCE = 1e-13

Away = Float[np.ndarray, "times directions 2"]
Numbers = Any
"""A number or an array."""


class Equilibrium(NamedTuple):
    """An equilibrium, with its linearisation."""

    net: AdditiveModel
    point: Float[np.ndarray, " 2"]
    eigenvalues: Complex[np.ndarray, " 2"]
    left: Complex[np.ndarray, "2 2"]
    """The left eigenvectors, as rows."""

    @property
    def unit(self) -> float:
        """The unit of time: the inverse of the largest eigenvalue's absolute value."""
        return 1 / float(np.abs(self.eigenvalues).max())

    @property
    def leading(self) -> int:
        """The index of the eigenvalue with the largest real part."""
        return int(np.real(self.eigenvalues).argmax())


def nets() -> list[AdditiveModel]:
    """Four memories; a flip-flop; a damped rotation; one that grows; two slow ones, damped and growing."""
    return [
        AdditiveModel.of([[2.0, 0.3], [0.3, 2.0]]),
        AdditiveModel.of([[0.0, 2.0], [2.0, 0.0]], [0.1, -0.05], [1.0, 1.5]),
        AdditiveModel.of([[0.5, -2.0], [2.0, 0.5]]),
        AdditiveModel.of([[2.0, -2.0], [2.0, 2.0]]),
        AdditiveModel.of([[0.95, -0.14], [0.14, 0.95]]),
        AdditiveModel.of([[1.05, -0.14], [0.14, 1.05]]),
    ]


def kind(eigenvalues: Complex[np.ndarray, " 2"]) -> str:
    """The prediction of linear theory."""
    growing = int((np.real(eigenvalues) > 0).sum())
    if growing == 1:
        return "saddle"
    shape = "focus" if abs(eigenvalues[0].imag) > 0 else "node"
    return f"{'un' * (growing == 2)}stable {shape}"


def remainder(size: float, distance: Numbers) -> Numbers:
    """½ max|φ″| ‖C⁻¹ W‖ |v − v*|²: the bound on |N|, given ‖C⁻¹ W‖ and |v − v*|."""
    return STEEPEST_BEND / 2 * size * distance**2


@register_check(
    "equilibrium-kinds", source="Haykin 2009, section 13.3; Hirsch & Smale 1974, chapters 5 and 9"
)
class EquilibriumKinds(Check):
    """The eigenvalues of the Jacobian at an equilibrium v* determine how trajectories near it behave.

    On a large circle all trajectories point inwards, and so the signs of det(−J) at all equilibria sum up
    to 1 (Poincaré and Hopf): a missed equilibrium would change the sum.

    Trajectories start on a circle of radius ε around v*. Their observed kind: stable if all are nearer
    after one unit of time 1/max|λ|, unstable if all are farther away, a saddle if some; a focus if all
    have turned by more than half a circle after 2π units, which those at a node never do.

    Their rates: with a left eigenvector l, z = l·(v − v*) obeys dz/dt = λ z + l·N, where |N| is at most
    half of max|φ″| ‖C⁻¹ W‖ |v − v*|². So log z grows by λ t, up to the integral of |l·N/z| and the errors
    of the solver's steps, relative to the smallest |z|. The bound is the sum of both along the
    trajectory: for the leading eigenvalue over 2π units, for the other over one, before the leading one
    hides it. The bound on N is attained by one unit that rests where |φ″| is largest, up to a factor of
    order |v − v*|² there.
    """

    statement = "The Jacobian's eigenvalues determine an equilibrium's kind and its rates."
    has_figure = True

    jacobian: Callable[[AdditiveModel, np.ndarray], np.ndarray] = jacobian
    """∂(dv/dt)/∂v at a point."""

    kind: Callable[[np.ndarray], str] = kind
    """The kind that the eigenvalues imply."""

    remainder: Callable[[float, Numbers], Numbers] = remainder
    """The bound on |N|, given ‖C⁻¹ W‖ and |v − v*|."""

    def examine(self) -> Finding:
        """For all equilibria of six nets of two units."""
        points = [(net, equilibria(net, start_grid(5, 15))) for net in nets()]
        signs = [sum(np.sign(np.linalg.det(-jacobian(net, v))) for v in vs) for net, vs in points]
        linear = [self._linearised(net, v) for net, vs in points for v in vs]
        circle = _DISTANCE * _circle()
        starts = np.stack([v.point + circle for v in linear])
        paths, steps = integrate(_in_own_time(linear), starts, _TIMES, np.array(_TOLERANCE))
        away = [paths[:, i] - v.point for i, v in enumerate(linear)]
        expected = [self.kind(v.eigenvalues) for v in linear]
        observed = list(map(_observed, away))
        wrong = sum(seen != kind for seen, kind in zip(observed, expected, strict=True))
        error = steps * local_error(paths, _TOLERANCE)
        rates = [self._rate_apart(v, path, error) for v, path in zip(linear, away, strict=True)]
        return Finding(
            Quantity("smallest sum of the signs of det(−J) over a net's equilibria", min(signs), 1, 1),
            Quantity("largest", max(signs), 1, 1),
            Quantity(f"kinds among {len(linear)} equilibria", len(set(expected)), 5, 5),
            Quantity("equilibria whose trajectories show another kind", wrong, highest=0),
            Quantity("log z − λ t, largest change in units of its bound", max(rates), highest=1),
            self._of_one_unit(),
            panels=_panels(linear, observed, away),
        )

    def _of_one_unit(self) -> Quantity:
        """N of dv/dt = −v + w tanh v + I at tanh v* = 1/√3, where φ‴ = 0, over its bound."""
        rest, away, weight = np.arctanh(1 / np.sqrt(3)), 1e-3, 1.3
        curved = weight * (np.tanh(rest + away) - np.tanh(rest) - away * 2 / 3)
        ratio = abs(curved) / self.remainder(weight, away)
        return Quantity.near("one unit at the largest |φ″|: |N| over its bound", ratio, 1, away**2 + 1e-9)

    def _linearised(self, net: AdditiveModel, point: Float[np.ndarray, " 2"]) -> Equilibrium:
        eigenvalues, right = np.linalg.eig(self.jacobian(net, point))
        return Equilibrium(net, point, eigenvalues.astype(complex), np.linalg.inv(right).astype(complex))

    def _rate_apart(self, equilibrium: Equilibrium, away: Away, error: float) -> float:
        """How far log z(t) is from log z(0) + λ t, in units of the bound; on the trajectory that starts
        with the largest z."""
        net, apart = equilibrium.net, []
        weights = float(np.linalg.norm(np.asarray(net.weights / net.capacitances[:, None]), 2))
        for k, left in enumerate(equilibrium.left):
            count = len(_TIMES) if k == equilibrium.leading else _FIRST_UNIT + 1
            times, z = _TIMES[:count] * equilibrium.unit, away[:count] @ left
            chosen = np.abs(z[0]).argmax()
            z, distance = z[:, chosen], np.linalg.norm(away[:count, chosen], axis=1)
            logs = np.log(np.abs(z)) + 1j * np.unwrap(np.angle(z))
            difference = np.abs(logs - logs[0] - equilibrium.eigenvalues[k] * times).max()
            size = np.linalg.norm(left)
            curved = np.trapezoid(self.remainder(weights, distance) * size / np.abs(z), times)
            apart.append(float(difference / (curved + size * error / np.abs(z).min())))
        return max(apart)


def _in_own_time(linear: Sequence[Equilibrium]) -> AdditiveModel:
    """Every equilibrium's net with time counted in the equilibrium's unit: C is divided by it."""
    nets = AdditiveModel.stacked([equilibrium.net for equilibrium in linear])
    units = np.array([equilibrium.unit for equilibrium in linear])
    return eqx.tree_at(lambda net: net.capacitances, nets, nets.capacitances / units[:, None])


def _circle() -> Float[np.ndarray, "directions 2"]:
    """Points on the unit circle, on no axis or diagonal."""
    angles = 2 * np.pi * (np.arange(_DIRECTIONS) + 0.3) / _DIRECTIONS
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


def _observed(away: Away) -> str:
    """The kind, from the trajectories alone."""
    distances = np.linalg.norm(away, axis=2)
    nearer = distances[_FIRST_UNIT] < distances[0]
    if nearer.any() and not nearer.all():
        return "saddle"
    turned = np.unwrap(np.arctan2(away[..., 1], away[..., 0]), axis=0)
    shape = "focus" if (np.abs(turned[-1] - turned[0]) > np.pi).all() else "node"
    return f"{'' if nearer.all() else 'un'}stable {shape}"


def _panels(linear: Sequence[Equilibrium], kinds: Sequence[str], away: Sequence[Away]) -> list[Panel]:
    """Two nets' trajectories, and the distance from one equilibrium of each kind."""
    first, last = linear[0], linear[kinds.index("unstable focus")]  # four memories, and the rotation
    models = _in_own_time([first, last] * (len(linear) // 2))
    starts = np.where(np.arange(2, _DIRECTIONS + 2) % 4, 0.2, 3.5)[:, None] * _circle()
    starts = np.broadcast_to(starts, (len(linear), *starts.shape))
    paths, _ = integrate(models, starts, 2 * _TIMES, np.array(1e-6))  # shapes that are compiled already
    panels = []
    for title, shown, path in (
        ("Symmetric weights", first, paths[:, 0]),
        ("A rotation", last, paths[:, 1, ::6]),
    ):
        points = [(v.point, kind) for v, kind in zip(linear, kinds, strict=True) if v.net is shown.net]
        panels.append(_portrait(title, path, points))
    first_of_kind = {kind: kinds.index(kind) for kind in kinds}
    series = [s for kind, i in first_of_kind.items() for s in _distances(kind, linear[i], away[i])]
    return [*panels, Panel("Distance from v*", "t", "|v − v*|", series, y_scale="log")]


def _portrait(
    title: str,
    paths: Float[np.ndarray, "times starts 2"],
    points: Sequence[tuple[Float[np.ndarray, " 2"], str]],
) -> Panel:
    gap = np.full((1, *paths.shape[1:]), np.nan)
    x, y = np.concatenate([paths, gap]).T.reshape(2, -1)
    series = [Series("", x, y, group="trajectories")]
    for kind in dict.fromkeys(kind for _, kind in points):
        x, y = np.stack([point for point, name in points if name == kind]).T
        series.append(Series(kind, x, y, "marks"))
    return Panel(title, "v₁", "v₂", series)


def _distances(name: str, equilibrium: Equilibrium, away: Away) -> list[Series]:
    """On the trajectory with the largest share of the leading direction; and the leading exponential."""
    chosen = np.abs(away[0] @ equilibrium.left[equilibrium.leading]).argmax()
    distance, times = np.linalg.norm(away[:, chosen], axis=1), _TIMES * equilibrium.unit
    rate = np.real(equilibrium.eigenvalues[equilibrium.leading])
    return [
        Series(name, times[::4], distance[::4], "marks"),
        Series("", times, distance[-1] * np.exp(rate * (times - times[-1])), group=name),
    ]
