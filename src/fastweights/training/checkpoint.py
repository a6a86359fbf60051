"""Trees of arrays on disk, each array under its path in the tree (`array_file.py`)."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from fastweights.errors import CheckpointError, printable
from fastweights.training import array_file
from fastweights.training.array_file import Arrays as Arrays
from fastweights.training.array_file import load as load
from fastweights.training.tensor_file import TYPES

_ONCE_COLUMNS = {"gain", "cell_gain", "cell_bias", "gains", "biases"}
Tree = TypeVar("Tree")


def save(path: Path, tree: Any, about: Mapping[str, Any]) -> None:
    """Write every array of `tree` under its path (`model.cell.recurrent`), and `about` as JSON.

    Raises: as `array_file.save`.
    """
    arrays = {name: np.asarray(leaf, order="C") for name, leaf in _named_arrays(tree).items()}
    array_file.save(path, arrays, about)


def restore(path: Path, template: Tree, arrays: Arrays) -> Tree:
    """`template` with its arrays, or its `jax.ShapeDtypeStruct`s, replaced by the arrays of the same names.

    Nothing is read before names, shapes and types are known to fit: memory is at most twice the template's.
    Types are the file's, whatever precision the template has: a model that was saved in float32 is loaded
    in float32 under `jax_enable_x64`. Without it JAX has no float64, and rounds what was saved in it.

    Raises: CheckpointError unless names and shapes are exactly the template's and types too, but for
    precision, which must be the same throughout; or if an array is damaged.
    """
    expected, entries = _named_arrays(template), arrays.entries
    if set(expected) != set(entries):
        odd = min(set(expected) ^ set(entries))
        kind = "lacks" if odd in expected else "holds an unexpected"
        raise _misfit(path, f"it {kind} {odd[:80]!r}")
    saved_types: dict[np.dtype, np.dtype] = {}
    for name, leaf in expected.items():
        dtype, shape = TYPES[entries[name].type], entries[name].shape
        if shape not in _shapes_of(name, leaf.shape) or not _differ_in_precision_only(leaf.dtype, dtype):
            raise _misfit(path, f"{name!r} should be {leaf.dtype} {leaf.shape}, but is {dtype} {shape}")
        if saved_types.setdefault(leaf.dtype, dtype) != dtype:
            others = saved_types[leaf.dtype]
            raise _misfit(path, f"{name!r} should be {others} {shape} as others are, but is {dtype} {shape}")
    return jax.tree_util.tree_map_with_path(
        lambda where, leaf: (
            jnp.asarray(arrays[_name(where)]).reshape(leaf.shape) if _is_array(leaf) else leaf
        ),
        template,
    )


def _shapes_of(name: str, shape: tuple[int, ...]) -> list[tuple[int, ...]]:
    """The array's shape, and that in which earlier versions wrote the gains and biases of normalisations."""
    return [shape, (*shape, 1)] if name.rpartition(".")[2] in _ONCE_COLUMNS else [shape]


def _differ_in_precision_only(expected: np.dtype, saved: np.dtype) -> bool:
    """Equal, or the same kind of number in 32 and 64 bits, as JAX has by default and in double precision."""
    return expected == saved or (
        expected.kind == saved.kind in "fi" and {expected.itemsize, saved.itemsize} == {4, 8}
    )


def _misfit(path: Path, words: str) -> CheckpointError:
    return CheckpointError(f"{printable(path)} does not fit its specification: {printable(words)}")


def _named_arrays(tree: Any) -> dict[str, Any]:
    leaves = jax.tree_util.tree_leaves_with_path(tree)
    return {_name(where): leaf for where, leaf in leaves if _is_array(leaf)}


def _is_array(leaf: Any) -> bool:
    return eqx.is_array(leaf) or isinstance(leaf, jax.ShapeDtypeStruct)


def _name(where: tuple) -> str:
    return jax.tree_util.keystr(where, simple=True, separator=".")
