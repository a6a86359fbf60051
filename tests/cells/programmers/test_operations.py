"""What a step costs, counted in the program that JAX makes of it."""

from math import prod

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fastweights import registry

# Everything of a unit is smaller than any memory or matrix here.
INPUT, HIDDEN, SIZES = 3, 23, {"heads": 2, "key_size": 17, "value_size": 19}
LEAST = 270


def operations(program) -> int:
    """Multiplications and additions of whole memories and matrices."""
    total = 0
    for equation in program.eqns:
        inside = [value for value in equation.params.values() if hasattr(value, "jaxpr")]
        total += sum(operations(value.jaxpr) for value in inside)
        made = max(prod(variable.aval.shape) for variable in equation.outvars)
        name = equation.primitive.name
        if name == "dot_general":
            (contracted, _), _ = equation.params["dimension_numbers"]
            total += 2 * made * prod(equation.invars[0].aval.shape[axis] for axis in contracted)
        elif name in ("mul", "add", "sub") and made >= LEAST:
            total += made
        elif name == "reduce_sum" and (read := prod(equation.invars[0].aval.shape)) >= LEAST:
            total += read
    return total


CASES = [
    ("linear-attention", {}),
    ("retnet", {}),
    ("gla", {}),
    ("deltanet-2021", {"dpfp_order": 1}),
    ("deltanet", {}),
    ("gated-deltanet", {}),
    ("kda", {}),
    ("mamba-2", {}),
    ("mlstm", {}),
    ("rwkv-7", {"rank": 16, "output_gate_rank": 16}),
    ("deltaproduct", {"writes": 3, "decay": "scalar"}),
]


@pytest.mark.parametrize(("name", "options"), CASES, ids=[name for name, _ in CASES])
def test_the_operations_of_a_step_are_those_of_its_program(name, options):
    cell_class = registry.cells[name]
    cell = jax.eval_shape(
        lambda: cell_class(
            INPUT, HIDDEN, options=cell_class.Options(**SIZES, **options), key=jax.random.key(0)
        )
    )
    cell = jax.tree.map(lambda a: jnp.asarray(np.ones(a.shape, a.dtype)), cell)
    projection = jnp.zeros(sum(cell.rows()))
    assert projection.size < LEAST < prod(cell.memory_shape)
    program = jax.make_jaxpr(cell.step)(cell.initial_state(), projection)
    assert cell.step_operations() == operations(program.jaxpr)
