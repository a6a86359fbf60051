"""Arrays on disk: safetensors files with JSON beside the weights. Loading never runs code."""

import json
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import safetensors
import safetensors.numpy

from fastweights.errors import CheckpointError
from fastweights.files import write_atomically

FORMAT = 1
_KEY = "fastweights"
_LARGEST_FILE = 2**30
Tree = TypeVar("Tree")


def save(path: Path, tree: Any, about: Mapping[str, Any]) -> None:
    """Write every array of `tree` under its path (`model.cell.recurrent`), and `about` as JSON.

    The previous file survives a kill or a full disk (see `write_atomically`).

    Raises: FileError if the path cannot be written.
    """
    arrays = {name: np.asarray(leaf) for name, leaf in _named_arrays(tree).items()}
    metadata = {_KEY: json.dumps({"format": FORMAT, **about}, allow_nan=False)}
    write_atomically(path, safetensors.numpy.save(arrays, metadata))


def load(path: Path) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """The arrays by name, and what was saved about them.

    Raises: CheckpointError if the file is missing, unreadable, damaged, too large (1 GiB), not finite,
    of another program, or of a newer format.
    """
    path = Path(path)
    try:
        about_file = path.stat()
        if not stat.S_ISREG(about_file.st_mode):
            raise CheckpointError(f"cannot read {path}: it is not a file")
        if about_file.st_size > _LARGEST_FILE:
            raise CheckpointError(f"{path} has {about_file.st_size} bytes, more than a checkpoint can have")
        with safetensors.safe_open(path, framework="numpy") as file:
            about = _parse(path, (file.metadata() or {}).get(_KEY))
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
    except OSError as error:
        raise CheckpointError(f"cannot read {path}: {error.strerror or error}") from error
    except (safetensors.SafetensorError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise CheckpointError(f"{path} is not a checkpoint, or is damaged: {error}") from error
    for name, array in arrays.items():
        if np.issubdtype(array.dtype, np.inexact) and not np.isfinite(array).all():
            raise CheckpointError(f"{path} is damaged: {name[:80]!r} holds numbers that are not finite")
    return arrays, about


def restore(path: Path, template: Tree, arrays: Mapping[str, np.ndarray]) -> Tree:
    """`template` with its arrays, or what stands for their shapes, replaced by those of the same names.

    Raises: CheckpointError unless names, shapes and types are exactly the template's.
    """
    expected = _named_arrays(template)
    if set(expected) != set(arrays):
        odd = min(set(expected) ^ set(arrays))
        kind = "lacks" if odd in expected else "holds an unexpected"
        raise CheckpointError(f"{path} does not fit its specification: it {kind} {odd[:80]!r}")
    for name, leaf in expected.items():
        if (leaf.shape, leaf.dtype) != (arrays[name].shape, arrays[name].dtype):
            raise CheckpointError(
                f"{path} does not fit its specification: {name!r} should be {leaf.dtype} {leaf.shape}, "
                f"but is {arrays[name].dtype} {arrays[name].shape}"
            )
    return jax.tree_util.tree_map_with_path(
        lambda where, leaf: jnp.asarray(arrays[_name(where)]) if _is_array(leaf) else leaf, template
    )


def _parse(path: Path, text: str | None) -> dict[str, Any]:
    if text is None:
        raise CheckpointError(f"{path} was not written by fastweights")
    about = json.loads(text)
    if not isinstance(about, dict) or about.get("format") != FORMAT:
        raise CheckpointError(f"{path} has a format that this version does not know (it knows {FORMAT})")
    return about


def _named_arrays(tree: Any) -> dict[str, Any]:
    leaves = jax.tree_util.tree_leaves_with_path(tree)
    return {_name(where): leaf for where, leaf in leaves if _is_array(leaf)}


def _is_array(leaf: Any) -> bool:
    return eqx.is_array(leaf) or isinstance(leaf, jax.ShapeDtypeStruct)


def _name(where: tuple) -> str:
    return jax.tree_util.keystr(where, simple=True, separator=".")
