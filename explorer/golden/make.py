"""What the library computes, for the tests of the page's program; `make networks` writes it anew."""

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from fastweights import memories, registry
from fastweights.explorer.arrays import written
from fastweights.explorer.page import default_networks
from fastweights.explorer.restored import restored
from fastweights.tasks.associative_retrieval import AssociativeRetrieval
from fastweights.theory.dynamics import additive_model, energy_descent, equilibrium_kinds
from fastweights.theory.dynamics.additive_model import AdditiveModel
from fastweights.theory.gradients.state_jacobians import norms, state_jacobians
from fastweights.theory.hopfield import mean_field
from fastweights.theory.hopfield.softmax_hopfield_capacity import odds
from fastweights.theory.memories import capacity, crosstalk_variance, delta_rule_one_pass, rank_bound

FOLDER = Path(__file__).parent
_TASK = AssociativeRetrieval()
_STRINGS = ("c9k8j3f1??c", "a1b2c3d4??d", "x0y0z0w5??z")
_UNITS = 6

_OPTIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "fast weights": ("fast-weights", {}),
    "fast weights, S = 3, a norm for each, method 2": (
        "fast-weights",
        {"inner_steps": 3, "norm_sets": "per-step", "method": 2, "preliminary_norm": "separate"},
    ),
    # What is read grows with the cube of the states, unless it is normalised.
    "fast weights, norm outside, S = 2": (
        "fast-weights",
        {"inner_steps": 2, "norm": "outside", "write_rate": 0.004, "decay": 0.5},
    ),
    "fast weights, no norm, written late": (
        "fast-weights",
        {"norm": "none", "write_time": "late", "write_rate": 0.02, "decay": 0.5},
    ),
    "fast weights, h_0 with the shared norm": ("fast-weights", {"preliminary_norm": "shared"}),
    "LSTM": ("lstm", {}),
    "LSTM with layer normalisation": ("lstm", {"layer_norm": True}),
    "IRNN": ("irnn", {}),
    "standard RNN with layer normalisation": ("standard-rnn", {"layer_norm": True}),
}
"""Cells whose numbers are drawn; all options that the page knows."""


def names() -> list[str]:
    """The names of the files."""
    return ["defaults", *(f"cell-{i}" for i in range(len(_OPTIONS))), "memories", "theory", "dynamics"]


def content(name: str) -> Any:
    """What one file holds."""
    parts: dict[str, Callable[[], Any]] = {
        "defaults": _of_defaults,
        "memories": _of_memories,
        "theory": _of_theory,
        "dynamics": _of_dynamics,
    }
    if name in parts:
        return parts[name]()
    title = list(_OPTIONS)[int(name.removeprefix("cell-"))]
    network = _drawn(title, *_OPTIONS[title])
    return {"network": network, **_computed(network, _STRINGS[0], jacobians=True)}


def _of_defaults() -> list[Any]:
    networks = default_networks()["networks"]
    return [
        {"name": network["name"], **_computed(network, text, jacobians=False)}
        for network in networks
        for text in _STRINGS
    ]


def _drawn(title: str, name: str, options: dict[str, Any]) -> dict[str, Any]:
    """A network of six units in generic position."""
    rng, kind = np.random.default_rng(len(title)), registry.cells[name]
    full = kind.Options(**options)
    cell = eqx.filter_eval_shape(kind, _UNITS, _UNITS, options=full, key=jax.random.key(0))
    rows = {"lstm": 4 * _UNITS}.get(name, _UNITS)
    # By NumPy alone: what JAX draws depends, in its last digit, on how it is compiled.
    arrays: dict[str, Any] = {"projections": 0.7 * rng.standard_normal((_TASK.num_symbols, rows))}
    for field, about in (("recurrent", 0), ("bias", 0), ("gain", 1), ("cell_gain", 1), ("cell_bias", 0)):
        if getattr(cell, field, None) is not None:
            arrays[field] = about + 0.3 * rng.standard_normal(getattr(cell, field).shape)
    if name == "fast-weights":
        shape = cell.norms.gains.shape
        arrays |= {"gains": 1 + 0.3 * rng.standard_normal(shape), "biases": rng.uniform(0.2, 0.8, shape)}
    packed = {field: written(array) for field, array in arrays.items()}
    layers = [(8, _UNITS), (8,), (10, 8), (10,)]
    layers = [written(rng.standard_normal(shape)) for shape in layers]
    return {
        "name": title,
        "model": name,
        "units": _UNITS,
        # All of fast weights: the page must know each of them. Of the others what arrays do not say.
        "options": dataclasses.asdict(full) if name == "fast-weights" else options,
        "test_error": None,
        "updates": 0,
        "trained": packed,
        "initial": packed,
        "readout": {"hidden": layers[:2], "output": layers[2:]},
    }


def _computed(network: dict[str, Any], text: str, *, jacobians: bool) -> dict[str, Any]:
    """States, attention and answer in single precision; derivatives in double."""
    tokens = _TASK.encode(text).astype(int)
    cell, projections, readout = restored(network, dtype=jnp.float32)
    hiddens, _ = cell.unroll_in_jax(projections[tokens])
    attention = cell.attention(projections[tokens])
    result = {
        "text": text,
        "hiddens": _listed(hiddens),
        "attention": None if attention is None else _listed(attention),
        "logits": _listed(readout(hiddens[-1])),
    }
    if jacobians:
        with jax.enable_x64(True):
            cell, projections, _ = restored(network, dtype=jnp.float64)
            slopes = np.asarray(state_jacobians(cell, projections[tokens][None])[0])
        result |= {"jacobians": _listed(slopes), "norms": _listed(norms(slopes))}
    return result


def _of_memories() -> dict[str, Any]:
    """Reading after each write, in double precision; energy and recall of those that have one."""
    rng = np.random.default_rng(0)
    keys, values = rng.standard_normal((12, 8)) / 2, rng.standard_normal((12, 5))
    signs, query = rng.choice([-1.0, 1.0], (3, 16)), rng.choice([-1.0, 0.0, 1.0], 16)
    with jax.enable_x64(True):
        empty = {
            "outer-product": memories.OuterProduct.empty(8, 5),
            "decaying": memories.DecayingMatrix.empty(8, 5, 0.9, 0.7),
            "delta-rule": memories.DeltaRule.empty(8, 5, 0.4),
            "pseudo-inverse": memories.PseudoInverse.empty(8, 5),
            "softmax": memories.SoftmaxHopfield.empty(8, 5, 3.0),
        }
        reads = {}
        for name, memory in empty.items():
            reads[name] = []
            for key, value in zip(keys, values, strict=True):
                memory = memory.write(jnp.asarray(key), jnp.asarray(value))
                reads[name].append(_listed(memory.read(jnp.asarray(keys[0]))))
        softmax = memories.SoftmaxHopfield.empty(8, 8, 3.0).store(jnp.asarray(keys), jnp.asarray(keys))
        network = memories.Hopfield.empty(16, 16).store(jnp.asarray(signs), jnp.asarray(signs))
        return {
            "keys": _listed(keys),
            "values": _listed(values),
            "reads": reads,
            "softmax": _recall(softmax, jnp.asarray(keys[0] + 0.3)),
            "patterns": _listed(signs),
            "hopfield": {
                **_recall(network, jnp.asarray(query)),
                "read": _listed(network.read(jnp.asarray(query))),
            },
        }


def _recall(memory: Any, state: Any) -> dict[str, Any]:
    """Four updates."""
    states = [state]
    for _ in range(4):
        states.append(memory.update(states[-1]))
    return {"states": [_listed(s) for s in states], "energies": [float(memory.energy(s)) for s in states]}


def _of_theory() -> dict[str, Any]:
    cases = [(2, 16), (16, 16), (40, 32), (128, 64)]
    loads = [0.03, 0.1, 0.13, 0.137]
    return {
        "cases": cases,
        "outer-product": [crosstalk_variance.variance(*case) for case in cases],
        "decaying": [capacity.decayed(*case, 0.95) for case in cases],
        "delta-rule": [float(delta_rule_one_pass.squared_error(u, n).mean()) for n, u in cases],
        "pseudo-inverse": [rank_bound.residual(*case) for case in cases],
        "softmax": [capacity.highest_error(odds(u, n, 8 / u)) for n, u in cases],
        "loads": loads,
        "hopfield": [2 * (1 - mean_field.overlap(load)) for load in loads],
        "end": mean_field.end_of_retrieval().load,
    }


def _of_dynamics() -> list[Any]:
    """Velocity, Jacobian and energy of two units at some points, and their equilibria with kinds."""
    nets = [
        ([2.0, 0.3, 0.3, 2.0], [0.0, 0.0], 1.0),
        ([0.0, 2.0, 2.0, 0.0], [0.1, -0.05], 1.5),
        ([2.0, -2.0, 2.0, 2.0], [0.0, 0.0], 1.0),
        ([1.5, 0.4, 0.8, 1.2], [0.2, 0.1], 1.3),
    ]
    points = [[0.3, -1.2], [2.0, 0.5]]
    with jax.enable_x64(True):
        return [_of_net(*net, points) for net in nets]


def _of_net(weights: list[float], currents: list[float], gain: float, points: list[list[float]]) -> Any:
    model = AdditiveModel.of(np.reshape(weights, (2, 2)), currents, gain=gain)
    _, b, c, _ = weights
    importance = [1.0, b / c] if b * c > 0 else None
    found = additive_model.equilibria(model, additive_model.start_grid(5, 15))
    kinds = [
        equilibrium_kinds.kind(np.linalg.eigvals(additive_model.jacobian(model, v)).astype(complex))
        for v in found
    ]
    return {
        "net": {"weights": weights, "currents": currents, "gain": gain},
        "points": points,
        "velocities": [_listed(model.velocity(jnp.asarray(point))) for point in points],
        "jacobians": [_listed(additive_model.jacobian(model, np.asarray(point))) for point in points],
        "importance": importance,
        "energies": importance
        and [_energy(model, np.array(importance), np.array(point)) for point in points],
        "equilibria": [{"point": _listed(v), "kind": kind} for v, kind in zip(found, kinds, strict=True)],
    }


def _energy(model: AdditiveModel, importance: np.ndarray, point: np.ndarray) -> float:
    activation = np.asarray(model.activation(jnp.asarray(point)))
    leak = energy_descent.leak(point, activation, np.asarray(energy_descent.integral(point, model.gain)))
    own = energy_descent.alone(leak, 1.0, np.asarray(model.currents), activation)
    pairs = importance @ (activation * (np.asarray(model.weights) @ activation))
    return float(energy_descent.energy(importance @ own, pairs))


def _listed(array: Any) -> Any:
    """Nine digits: single precision needs no more, and comparisons are to 1e-6."""
    text = json.dumps(np.asarray(array, np.float64).round(12).tolist())
    return json.loads(text, parse_float=lambda number: float(f"{float(number):.9g}"))


def main() -> None:
    """Write all files."""
    for name in names():
        text = json.dumps(content(name), ensure_ascii=False, separators=(",", ":"))
        (FOLDER / f"{name}.json").write_text(f"{text}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
