"""Of what type the arrays of cells are."""

import equinox as eqx
import jax

from fastweights.registry import cells


def test_no_array_is_weakly_typed():
    """An update makes it a strongly typed one, and then all of a run is compiled once more."""
    for name in cells:
        cell = eqx.filter_eval_shape(lambda name=name: cells[name](4, 8, key=jax.random.key(0)))
        weak = [
            jax.tree_util.keystr(path)
            for path, leaf in jax.tree_util.tree_leaves_with_path(cell)
            if getattr(leaf, "weak_type", False)
        ]
        assert not weak, name
