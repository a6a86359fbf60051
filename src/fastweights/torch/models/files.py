"""Models as files, as `fastweights train` and `fastweights.save_model` write and `load_model` reads them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from fastweights.errors import CheckpointError, FastweightsError, InvalidValueError, printable
from fastweights.options import BlockOptions
from fastweights.torch.cell import Cell
from fastweights.torch.models.model import Model, SequenceClassifier, SequenceModel
from fastweights.torch.modules import MODULES
from fastweights.training import array_file
from fastweights.training.array_file import Arrays

_PREFIX = "model."


def save(path: Path | str, model: Model) -> None:
    """Write a model so that `fastweights.load_model` reads it: of one that `from_file` read, with the
    specification that made it, which the commands need, but without the outcome of its training; of any
    other, without, and then `load_model` needs a model like it.

    Raises: FileError if the file cannot be written; InvalidValueError if the model is none of these, or its
    numbers are of another type than float32 and float64.
    """
    if not isinstance(model, Model):
        raise InvalidValueError(
            f"save expects a SequenceClassifier or SequenceModel; got {type(model).__name__}: "
            "torch.save writes the state_dict of any module"
        )
    state = model.state_dict()
    types = sorted({str(tensor.dtype) for tensor in state.values()})
    if types not in (["torch.float32"], ["torch.float64"]):
        raise InvalidValueError(f"models are saved in float32 or float64; got {', '.join(types)}")
    about: dict[str, Any] = {"kind": "model"}
    if "specification" in model.about:
        about |= {"specification": model.about["specification"], "outcome": {}}
    arrays = {_PREFIX + name: tensor.detach().cpu().contiguous().numpy() for name, tensor in state.items()}
    array_file.save(Path(path), arrays, about)


def from_file(
    path: Path | str, like: Model | None = None, *, device: torch.device | str | None = None
) -> Any:
    """The model of a file: a `SequenceClassifier` or `SequenceModel`, in the precision of the file.

    With `like`, that model gets the file's weights and is returned: for a file that was saved without a
    specification.

    Raises: CheckpointError if the file is not a model, is damaged, was trained with a plugin, or was saved
    without a specification and there is no model like it.
    """
    path = Path(path)
    arrays, about = array_file.load(path)
    if about.get("kind") != "model":
        raise CheckpointError(
            f"{printable(path)} is not a trained model, but {str(about.get('kind'))[:40]!r}"
        )
    if like is None and "specification" not in about:
        raise CheckpointError(
            f"{printable(path)} was saved without a specification: from_file needs a model like it"
        )
    shapes = {name.removeprefix(_PREFIX): entry.shape for name, entry in arrays.entries.items()}
    model: Any = like
    if like is None:
        try:
            # First without memory: a forged file may name any size.
            _check_fit(path, _build(about["specification"], shapes, arrays, "meta"), shapes)
            model = _build(about["specification"], shapes, arrays, device)
        except CheckpointError:
            raise
        except (FastweightsError, AttributeError, LookupError, TypeError, ValueError) as error:
            raise CheckpointError(
                f"{printable(path)} has a specification that cannot be used: {printable(error)}"
            ) from error
    state = _check_fit(path, model, shapes)
    numbers = {name: torch.tensor(arrays[_PREFIX + name]).view(state[name].shape) for name in state}
    model.load_state_dict(numbers)
    model.about = about
    return model


def _build(
    specification: Mapping[str, Any], shapes: Mapping[str, tuple[int, ...]], arrays: Arrays, device: Any
) -> Model:
    """A model of the shape that the specification and the arrays have, without their numbers."""
    described = specification["model"]
    if described["name"] not in MODULES:
        raise InvalidValueError(f"PyTorch has no model {described['name']!r}")
    kind = MODULES[described["name"]].cell_class
    (kind_of_numbers,) = {entry.type for entry in arrays.entries.values()}
    dtype = {"F32": torch.float32, "F64": torch.float64}[kind_of_numbers]
    blocks = BlockOptions(**described.get("blocks", {}))
    prefixes = (
        [f"layers.{i}.cell" for i in range(blocks.layers)] if "layers.0.cell.input" in shapes else ["cell"]
    )
    cells: list[Cell] = [
        kind(
            shapes[f"{prefix}.input"][1],
            described["hidden_size"],
            device=device,
            dtype=dtype,
            **described["cell"],
        )
        for prefix in prefixes
    ]
    options, outputs = described["classifier"], shapes["readout.output.1"][0]
    symbols = None
    if "embedding.table" in shapes:
        symbols = shapes["embedding.table"][1]
    elif options["embedding"] == "one-hot" and "embedding.weight" not in shapes:
        symbols = cells[0].input_size
    # As many outputs as there are: whether they are padded has been decided.
    options = {**options, "softmax": "classes"}
    if prefixes == ["cell"]:
        if symbols is None:
            raise InvalidValueError("a classifier needs an embedding, or symbols that are one-hot")
        return SequenceClassifier(cells[0], symbols, outputs, **options)
    return SequenceModel(
        cells,
        outputs,
        num_symbols=symbols,
        num_channels=shapes["embedding.weight"][1] if "embedding.weight" in shapes else None,
        norm=blocks.block_norm,
        residual=blocks.residual,
        perceptron_size=blocks.perceptron_size,
        **options,
    )


def _check_fit(path: Path, model: Model, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Any]:
    """The model's arrays. Raises: CheckpointError unless the file's have their names and shapes."""
    state = model.state_dict()
    if set(state) != set(shapes):
        odd = min(set(state) ^ set(shapes))
        raise CheckpointError(
            f"{printable(path)} does not fit: it "
            f"{'lacks' if odd in state else 'holds an unexpected'} {odd[:80]!r}"
        )
    for name, tensor in state.items():
        # Earlier versions wrote gains and biases of normalisations as columns.
        if tensor.shape not in (shapes[name], shapes[name][:-1]):
            raise CheckpointError(
                f"{printable(path)} does not fit: {name[:80]!r} should be {tuple(tensor.shape)}, "
                f"but is {shapes[name]}"
            )
    return state
