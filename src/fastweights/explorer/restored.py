"""Cells and read-outs from what the page has of them: for comparing the page with the library."""

from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from fastweights import registry
from fastweights.cells.base import Cell
from fastweights.cells.layers import Norms
from fastweights.explorer.arrays import read
from fastweights.models import Perceptron


class Restored(NamedTuple):
    """A network without its input weights, which are in the projections."""

    cell: Cell
    """The cell; its `input` is zero and not used."""
    projections: Float[Array, "symbols projection"]
    """The cell's projection of each symbol."""
    readout: Perceptron
    """Logits from h(T)."""


def restored(network: dict[str, Any], when: str = "trained", dtype: Any = None) -> Restored:
    """The network, `trained` or `initial`, in the numbers of `dtype`."""
    arrays = {name: jnp.asarray(read(array), dtype) for name, array in network[when].items()}
    projections = arrays.pop("projections")
    kind = registry.cells[network["model"]]
    options = kind.Options(**network["options"])
    shape = eqx.filter_eval_shape(kind, 1, network["units"], options=options, key=jax.random.key(0))
    fields: dict[str, Any] = {"input": jnp.zeros(shape.input.shape, dtype), **arrays}
    if "gains" in fields:
        fields["norms"] = Norms(fields.pop("gains"), fields.pop("biases"))
        fields["decay"] = jnp.asarray(options.decay, projections.dtype)
        fields["write_rate"] = jnp.asarray(options.write_rate, projections.dtype)
    names = list(fields)
    cell = eqx.tree_at(lambda cell: [getattr(cell, name) for name in names], shape, list(fields.values()))
    return Restored(cell, projections, _readout(network["readout"], dtype))


def _readout(packed: dict[str, Any], dtype: Any) -> Perceptron:
    layers: dict[str, Any] = {
        name: None if layer is None else tuple(jnp.asarray(read(array), dtype) for array in layer)
        for name, layer in packed.items()
    }
    hidden, output = layers["hidden"], layers["output"]
    units = 0 if hidden is None else hidden[0].shape[0]
    inputs = (output if hidden is None else hidden)[0].shape[1]
    shape = eqx.filter_eval_shape(Perceptron, inputs, units, output[0].shape[0], key=jax.random.key(0))
    return eqx.tree_at(
        lambda readout: [readout.hidden, readout.output], shape, [hidden, output], is_leaf=lambda x: x is None
    )
