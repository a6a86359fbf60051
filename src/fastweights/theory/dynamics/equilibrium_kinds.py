"""Equilibria of the additive model: how many, of what kind, and how fast they are left or reached."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Complex, Float

from fastweights.registry import register_check
from fastweights.theory.check import Check, Finding, Quantity
from fastweights.theory.dynamics.additive_model import (
    STEEPEST_BEND,
    AdditiveModel,
    integrate,
    jacobian,
    local_error,
    rest_points,
    start_grid,
)
from fastweights.theory.plot import Panel, Series

_DIRECTIONS, _DISTANCE = 32, 1e-4
_TIMES = np.linspace(0, 2 * np.pi, 64)  # in units of each equilibrium's own time
_FIRST_UNIT = 10  # the number of times up to 1
_TOLERANCE = 1e-13

Away = Float[np.ndarray, "times 2 directions"]


class Equilibrium(NamedTuple):
    """A point of rest, with its linearisation."""

    net: AdditiveModel
    point: Float[np.ndarray, " 2"]
    eigenvalues: Complex[np.ndarray, " 2"]
    left: Complex[np.ndarray, "2 2"]
    """The left eigenvectors, as rows."""

    @property
    def unit(self) -> float:
        """Of time: the inverse of its largest eigenvalue's size."""
        return 1 / float(np.abs(self.eigenvalues).max())


def nets() -> list[AdditiveModel]:
    """Four memories; a flip-flop; a damped rotation; a rotation that grows."""
    return [
        AdditiveModel.of([[2.0, 0.3], [0.3, 2.0]]),
        AdditiveModel.of([[0.0, 2.0], [2.0, 0.0]], [[0.1], [-0.05]], [[1.0], [1.5]]),
        AdditiveModel.of([[0.5, -2.0], [2.0, 0.5]]),
        AdditiveModel.of([[2.0, -2.0], [2.0, 2.0]]),
    ]


def kind(eigenvalues: Complex[np.ndarray, " 2"]) -> str:
    """What linear theory expects."""
    growing = int((np.real(eigenvalues) > 0).sum())
    if growing == 1:
        return "saddle"
    shape = "focus" if abs(eigenvalues[0].imag) > 0 else "node"
    return f"{'un' * (growing == 2)}stable {shape}"


@register_check(
    "equilibrium-kinds", source="Haykin 2009, section 13.3; Hirsch & Smale 1974, chapters 5 and 9"
)
class EquilibriumKinds(Check):
    """The eigenvalues of the Jacobian at an equilibrium v* tell how trajectories near it behave.

    On a large circle all trajectories point inwards, and so the signs of det(−J) at all equilibria sum up to
    1 (Poincaré and Hopf): that shows if one was missed.

    Trajectories start on a circle of radius ε around v*. Their kind as seen: stable if all are nearer after
    one unit of time 1/max|λ|, unstable if all are farther away, a saddle if some; a focus if all have turned
    by more than half a circle after 2π units, which those at a node never do.

    Their rates: with a left eigenvector l, z = l·(v − v*) obeys dz/dt = λ z + l·N, where |N| is at most half
    of max|φ″| ‖C⁻¹ W‖ |v − v*|². So log z grows by λ t, up to the integral of |l·N/z|, and up to what the
    solver's steps err, relative to the smallest |z|. The bound is the sum of both along the trajectory: for
    the leading eigenvalue over 2π units, for the other over one, where the leading one has not covered it.
    """

    statement = "The Jacobian's eigenvalues tell an equilibrium's kind and its rates."

    jacobian: Callable[[AdditiveModel, np.ndarray], np.ndarray] = jacobian
    """∂(dv/dt)/∂v at a point."""

    kind: Callable[[np.ndarray], str] = kind
    """The kind that the eigenvalues stand for."""

    def examine(self) -> Finding:
        """For all equilibria of four nets of two units."""
        found = [(net, rest_points(net, start_grid(5, 15)).T) for net in nets()]
        signs = [
            sum(np.sign(np.linalg.det(-jacobian(net, point))) for point in points) for net, points in found
        ]
        equilibria = [self._linearised(net, point) for net, points in found for point in points]
        paths, steps = integrate(_side_by_side(equilibria), _around(equilibria), _TIMES, _TOLERANCE)
        away = list((paths - np.stack([each.point for each in equilibria])[..., None]).swapaxes(0, 1))
        expected = [self.kind(each.eigenvalues) for each in equilibria]
        wrong = sum(_seen(path) != kind for path, kind in zip(away, expected, strict=True))
        error = steps * local_error(paths, _TOLERANCE)
        rates = [_rate_apart(each, path, error) for each, path in zip(equilibria, away, strict=True)]
        return Finding(
            (
                Quantity("smallest sum of the signs of det(−J) over a net's equilibria", min(signs), 1, 1),
                Quantity("largest", max(signs), 1, 1),
                Quantity(f"kinds among {len(equilibria)} equilibria", len(set(expected)), 5, 5),
                Quantity("equilibria whose trajectories show another kind", wrong, highest=0),
                Quantity("log z − λ t, largest change in units of its bound", max(rates), highest=1),
            ),
            _panels(equilibria, expected, away),
        )

    def _linearised(self, net: AdditiveModel, point: Float[np.ndarray, " 2"]) -> Equilibrium:
        eigenvalues, right = np.linalg.eig(self.jacobian(net, point))
        return Equilibrium(net, point, eigenvalues.astype(complex), np.linalg.inv(right).astype(complex))


def _side_by_side(equilibria: Sequence[Equilibrium]) -> AdditiveModel:
    """Every equilibrium's net with time counted in the equilibrium's unit, by which C is divided."""
    weights, currents, capacitances = (
        np.stack([getattr(each.net, name) for each in equilibria])
        for name in ("weights", "currents", "capacitances")
    )
    units = np.array([each.unit for each in equilibria])
    return AdditiveModel.of(weights, currents, capacitances / units[:, None, None])


def _around(equilibria: Sequence[Equilibrium]) -> Float[np.ndarray, "equilibria 2 directions"]:
    """Starts on a small circle around each."""
    angles = 2 * np.pi * (np.arange(_DIRECTIONS) + 0.3) / _DIRECTIONS  # on no axis or diagonal
    circle = _DISTANCE * np.stack([np.cos(angles), np.sin(angles)])
    return np.stack([each.point[:, None] + circle for each in equilibria])


def _seen(away: Away) -> str:
    """The kind, from the trajectories alone."""
    distances = np.linalg.norm(away, axis=1)
    nearer = distances[_FIRST_UNIT] < distances[0]
    if nearer.any() and not nearer.all():
        return "saddle"
    turned = np.unwrap(np.arctan2(away[:, 1], away[:, 0]), axis=0)
    shape = "focus" if (np.abs(turned[-1] - turned[0]) > np.pi).all() else "node"
    return f"{'' if nearer.all() else 'un'}stable {shape}"


def _rate_apart(equilibrium: Equilibrium, away: Away, error: float) -> float:
    """How far log z(t) is from log z(0) + λ t, in units of the bound; on the trajectory that starts with the
    largest z."""
    net, worst = equilibrium.net, 0.0
    bend = np.linalg.norm(np.asarray(net.weights / net.capacitances), 2) * STEEPEST_BEND / 2
    leading = np.real(equilibrium.eigenvalues).argmax()
    for k, left in enumerate(equilibrium.left):
        count = len(_TIMES) if k == leading else _FIRST_UNIT + 1
        times, z = _TIMES[:count] * equilibrium.unit, np.einsum("i,tid->td", left, away[:count])
        chosen = np.abs(z[0]).argmax()
        z, distance = z[:, chosen], np.linalg.norm(away[:count, :, chosen], axis=1)
        logs = np.log(np.abs(z)) + 1j * np.unwrap(np.angle(z))
        apart = np.abs(logs - logs[0] - equilibrium.eigenvalues[k] * times).max()
        size = np.linalg.norm(left)
        curved = np.trapezoid(bend * size * distance**2 / np.abs(z), times)
        worst = max(worst, float(apart / (curved + size * error / np.abs(z).min())))
    return worst


def _panels(equilibria: Sequence[Equilibrium], kinds: Sequence[str], away: Sequence[Away]) -> list[Panel]:
    """Two nets' trajectories, and the distance from one equilibrium of each kind."""
    first, last = equilibria[0], equilibria[-1]  # four memories, and the rotation
    models = _side_by_side([first, last] * (len(equilibria) // 2))
    angles = 2 * np.pi * (np.arange(_DIRECTIONS) + 0.3) / _DIRECTIONS
    radii = np.where(np.arange(2, _DIRECTIONS + 2) % 4, 0.2, 3.5)
    starts = np.broadcast_to(
        radii * np.stack([np.cos(angles), np.sin(angles)]), (len(equilibria), 2, _DIRECTIONS)
    )
    paths, _ = integrate(models, starts, 2 * _TIMES, 1e-6)  # of the shapes that are compiled already
    panels = []
    for title, shown, path in (
        ("Symmetric weights", first, paths[:, 0]),
        ("A rotation", last, paths[:, 1, :, ::6]),
    ):
        points = [(each, kind) for each, kind in zip(equilibria, kinds, strict=True) if each.net is shown.net]
        panels.append(_portrait(title, path, points))
    series: list[Series] = []
    for name in dict.fromkeys(kinds):
        i = kinds.index(name)
        series += _distances(name, equilibria[i], away[i])
    return [*panels, Panel("Distance from v*", "t", "|v − v*|", series, y_scale="log")]


def _portrait(
    title: str, paths: Float[np.ndarray, "times 2 starts"], points: Sequence[tuple[Equilibrium, str]]
) -> Panel:
    gap = np.full((1, *paths.shape[1:]), np.nan)
    x, y = np.concatenate([paths, gap]).transpose(1, 2, 0).reshape(2, -1)
    series = [Series("", x, y, group="trajectories")]
    for kind in dict.fromkeys(kind for _, kind in points):
        x, y = np.stack([each.point for each, name in points if name == kind]).T
        series.append(Series(kind, x, y, "marks"))
    return Panel(title, "v₁", "v₂", series)


def _distances(name: str, equilibrium: Equilibrium, away: Away) -> list[Series]:
    """On the trajectory with the largest share of the leading direction; and the leading exponential."""
    leading = np.real(equilibrium.eigenvalues).argmax()
    chosen = np.abs(equilibrium.left[leading] @ away[0]).argmax()
    distance, times = np.linalg.norm(away[:, :, chosen], axis=1), _TIMES * equilibrium.unit
    expected = distance[-1] * np.exp(np.real(equilibrium.eigenvalues[leading]) * (times - times[-1]))
    return [Series(name, times[::4], distance[::4], "marks"), Series("", times, expected, group=name)]
