"""From the last state to the logits of the classes."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from fastweights.cells.layers import affine, uniform


class Readout(eqx.Module):
    """logits = V relu(U h + u) + v, or V h + v without hidden units; uniform in ± 1/√inputs."""

    hidden: tuple[Float[Array, "units hidden"], Float[Array, " units"]] | None
    output: tuple[Float[Array, "classes units"], Float[Array, " classes"]]

    def __init__(self, hidden_size: int, units: int, num_outputs: int, *, key: Array) -> None:
        hidden_key, output_key = jax.random.split(key)
        self.hidden = None
        if units:
            self.hidden = uniform(hidden_key, (units, hidden_size), hidden_size), jnp.zeros(units)
        fan = units or hidden_size
        self.output = uniform(output_key, (num_outputs, fan), fan), jnp.zeros(num_outputs)

    def __call__(self, state: Float[Array, "hidden batch"]) -> Float[Array, "classes batch"]:
        weight, bias = self.output
        if self.hidden is None:
            return affine(weight, state, bias)
        hidden_weight, hidden_bias = self.hidden
        return affine(weight, jax.nn.relu(affine(hidden_weight, state, hidden_bias)), bias)
