"""A cell in JAX, and the PyTorch module that has its options and weights."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import torch

import fastweights.torch as ft
from cases import Case, Sizes
from fastweights import registry

KINDS = {module.cell_class.Options: module for module in ft.MODULES.values()}


def build(case: Case, sizes: Sizes, dtype=torch.float64, **keywords) -> tuple[list, ft.Recurrent]:
    """The cells of all layers and directions, and the module with the same weights."""
    kind = ft.MODULES[case.name]
    cell = case.build(sizes)
    module = kind(sizes.input, cell.hidden_size, dtype=dtype, **dict(case.options), **keywords)
    cells = []
    for number, twin in enumerate(module.cells):
        cells.append(case.build(sizes._replace(input=twin.input_size), seed=number))
        twin.load_state_dict(weights(cells[-1], dtype))
    return cells, module


def weights(cell, dtype) -> dict[str, torch.Tensor]:
    """All arrays of a cell by their names."""
    leaves = jax.tree_util.tree_leaves_with_path(eqx.filter(cell, eqx.is_array))
    return {
        jax.tree_util.keystr(where, simple=True, separator="."): torch.tensor(np.asarray(leaf), dtype=dtype)
        for where, leaf in leaves
    }


def trained(cell):
    """The arrays that PyTorch trains, and the rest."""
    cls = registry.cells[registry.cells.name_of(type(cell))]
    keep = jax.tree.map(eqx.is_inexact_array, cell)
    for name in cls.hyperparameters:
        keep = eqx.tree_at(lambda tree, name=name: getattr(tree, name), keep, False)
    return eqx.partition(cell, keep)


def numbers(shape, seed: int, dtype=torch.float64) -> torch.Tensor:
    return torch.tensor(np.random.default_rng(seed).standard_normal(shape), dtype=dtype)


def to_jax(tensor: torch.Tensor):
    return jnp.asarray(tensor.detach().numpy())


def assert_close(actual, expected, tolerance: float, name: str = "", size: float = 0.0) -> None:
    """Equal to so much of the largest number, or of a larger one."""
    # Before PyTorch 2.6 zeros for what has no gradient have one themselves.
    actual = actual.detach() if isinstance(actual, torch.Tensor) else actual
    actual, expected = np.asarray(actual), np.asarray(expected)
    assert actual.shape == expected.shape, name
    size = max(np.abs(expected).max(initial=0.0), size, 1e-3)
    np.testing.assert_allclose(actual, expected, rtol=0, atol=tolerance * size, err_msg=name)
