"""The specification of a run: all that decides its result, frozen, and as JSON."""

import functools
from dataclasses import dataclass, field
from typing import Annotated, Any, Self

import jax
import msgspec

from fastweights import plugins, registry
from fastweights.cells.base import check_sizes
from fastweights.errors import (
    MAX_SEED,
    check,
    check_between,
    errors_in,
    shown,
    to_python_numbers,
)
from fastweights.models import BlockOptions, ClassifierOptions, Model, SequenceClassifier, SequenceModel
from fastweights.runs.conversion import check_keys, convert_value, identify, options_from_json, plain_options
from fastweights.runs.footprint import check_footprint
from fastweights.tasks.base import Split, Task
from fastweights.training.options import TrainingOptions

EMBEDDING_SIZE = 100
"""The size of a symbol's vector, unless symbols are one-hot or it is added to a cell's output (Ba et al.
2016, footnote 2)."""

MAX_SEQUENCES = 10_000_000
"""The largest set of sequences."""


@dataclass(frozen=True)
class DataOptions:
    """How many sequences are drawn, and from which seed.

    Source of the sizes: Ba et al. 2016, section 4.1.
    """

    seed: int = 0
    """The seed of all three sets; the run's own seed changes weights and mini-batches only."""

    train: int = 100_000
    """Training sequences."""

    validation: int = 10_000
    """Validation sequences."""

    test: int = 20_000
    """Test sequences."""

    def __post_init__(self) -> None:
        to_python_numbers(self)
        check_between("data seed", self.seed, 0, MAX_SEED)
        for name in ("train", "validation", "test"):
            check_between(name, getattr(self, name), 1, MAX_SEQUENCES)


@dataclass(frozen=True)
class RunSpecification:
    """Task, model, options, budget and seed. The same specification gives the same bits on one machine.

    Raises: InvalidValueError or UnknownNameError if a value is outside its range, or if the run would take
    too much memory (see `footprint`).
    """

    task: Task
    model: str = "fast-weights"
    hidden_size: int = 50
    cell: Any = None
    """The options of the model's cell; None for its defaults."""
    classifier: ClassifierOptions = field(default_factory=ClassifierOptions)
    training: TrainingOptions = field(default_factory=TrainingOptions)
    data: DataOptions = field(default_factory=DataOptions)
    seed: int = 0
    blocks: BlockOptions = field(default_factory=BlockOptions)
    test_task: Task | None = None
    """What the test set is drawn from, if from another task than the others: one with longer sequences, say.
    Its inputs and answers are of the same kind and size. None if it is the task of the others."""

    def __post_init__(self) -> None:
        to_python_numbers(self)
        check("name" not in vars(self.task), f"an option of {self.task} cannot be called 'name'")
        options = registry.cells[self.model].Options
        if self.cell is None:
            object.__setattr__(self, "cell", options())
        check(type(self.cell) is options, f"{self.model} takes {options.__name__}; got {self.cell!r}")
        for task in (self.task, self.task_of("test")):
            to_python_numbers(task)  # a user's own options do not do it themselves
        if self.test_task == self.task:
            object.__setattr__(self, "test_task", None)
        to_python_numbers(self.cell)
        check_between("hidden_size", self.hidden_size, 1, 10_000)
        check(
            self.task.num_symbols is not None or self.classifier.embedding == "direct",
            f"{type(self.task).__name__} has no symbols; got the embedding {self.classifier.embedding}",
        )
        check_sizes(self.input_size, self.hidden_size, registry.cells[self.model].size_multiple)
        check_between("seed", self.seed, 0, MAX_SEED)
        with errors_in(f"task {type(self.task).__name__}", type(self.task)):
            if self.test_task is not None:
                _check_same_kind(self.task, self.test_task)
            check_footprint(self)

    def to_json(self) -> dict[str, Any]:
        """As nested dictionaries of numbers and strings; `plugins` is there only if a plugin has the task or
        the model."""
        task, test_task = _plain_task(self.task), _plain_task(self.task_of("test"))
        names = dict.fromkeys([task["name"], test_task["name"]])
        found = [*map(registry.tasks.plugin, names), registry.cells.plugin(self.model)]
        used = dict.fromkeys(plugin for plugin in found if plugin)
        value = {
            "task": task,
            "model": {
                "name": self.model,
                "hidden_size": self.hidden_size,
                "cell": plain_options(self.cell),
                "classifier": plain_options(self.classifier),
                **({"blocks": plain_options(self.blocks)} if self.blocks != BlockOptions() else {}),
            },
            "training": plain_options(self.training),
            "data": plain_options(self.data),
            "seed": self.seed,
        }
        if self.test_task is not None:
            value["test_task"] = test_task
        if used:
            value["plugins"] = [{"name": plugin.name, "sha256": plugin.sha256} for plugin in used]
        return value

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """The inverse of `to_json`.

        Raises: PluginError if a plugin that it names is not loaded, or is another version; InvalidValueError
        or UnknownNameError if anything is missing, unknown or out of range.
        """
        check_keys(
            "specification", value, {"task", "model", "training", "data", "seed"}, {"plugins", "test_task"}
        )
        used = convert_value("plugins", value.get("plugins", []), list[_UsedPlugin])
        plugins.require((plugin.name, plugin.sha256) for plugin in used)
        model = value["model"]
        check_keys("model", model, {"name", "hidden_size", "cell", "classifier"}, {"blocks"})
        model_name = convert_value("model name", model["name"], _Name)
        return cls(
            task=_build_task("task", value["task"]),
            test_task=_build_task("test_task", value["test_task"]) if "test_task" in value else None,
            model=model_name,
            hidden_size=convert_value("hidden_size", model["hidden_size"], int),
            cell=options_from_json(registry.cells[model_name].Options, model["cell"]),
            classifier=options_from_json(ClassifierOptions, model["classifier"]),
            training=options_from_json(TrainingOptions, value["training"]),
            data=options_from_json(DataOptions, value["data"]),
            seed=convert_value("seed", value["seed"], int),
            blocks=options_from_json(BlockOptions, model.get("blocks", plain_options(BlockOptions()))),
        )

    def task_of(self, split: Split) -> Task:
        """The task that a split is drawn from."""
        return self.test_task if split == "test" and self.test_task is not None else self.task

    @property
    def input_size(self) -> int:
        """The first cell's: with residuals that of its output, otherwise that of a symbol's vector, or of the
        task's vectors."""
        if self.blocks.residual:
            return self.hidden_size
        if self.task.num_symbols is None:
            return self.task.num_channels or 0
        return self.task.num_symbols if self.classifier.embedding == "one-hot" else EMBEDDING_SIZE

    @functools.cached_property
    def identifier(self) -> str:
        """Twelve hexadecimal digits of the specification's hash."""
        return identify(self.to_json())

    def build_model(self) -> Model:
        """The model before training; its weights depend on the seed only. For classes of symbols, in one
        layer without a norm, it is a `SequenceClassifier`, else a `SequenceModel`.

        Raises: InvalidValueError if the constructor of the cell raises anything.
        """
        cell_key, key = jax.random.split(jax.random.fold_in(jax.random.key(self.seed), 0))
        cell_class: Any = registry.cells[self.model]
        sizes = [self.input_size, *[self.hidden_size] * (self.blocks.layers - 1)]
        keys = [cell_key, *jax.random.split(cell_key, len(sizes))[1:]]
        with errors_in(f"cell {self.model!r}", cell_class):
            cells = [
                cell_class(size, self.hidden_size, options=self.cell, key=key)
                for size, key in zip(sizes, keys, strict=True)
            ]
        task, options, blocks = self.task, self.classifier, self.blocks
        if blocks == BlockOptions() and None not in (task.num_symbols, task.num_classes):
            return SequenceClassifier(cells[0], task.num_symbols, task.num_classes, options=options, key=key)
        return SequenceModel(
            cells,
            task.num_outputs,
            num_symbols=task.num_symbols,
            num_channels=task.num_channels if blocks.residual else None,
            norm=blocks.block_norm,
            residual=blocks.residual,
            perceptron_size=blocks.perceptron_size,
            options=options,
            key=key,
        )


# A name is compared with those that are known: a long one for a long time.
_Name = Annotated[str, msgspec.Meta(max_length=80)]


class _UsedPlugin(msgspec.Struct, forbid_unknown_fields=True):
    name: Annotated[str, msgspec.Meta(max_length=255)]
    sha256: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]


def _plain_task(task: Task) -> dict[str, Any]:
    return {"name": registry.tasks.name_of(type(task)), **plain_options(task)}


def _build_task(place: str, value: Any) -> Any:
    check(
        isinstance(value, dict) and "name" in value,
        f"{place} must be an object with a name; got {shown(value)}",
    )
    options = {name: option for name, option in value.items() if name != "name"}
    return options_from_json(registry.tasks[convert_value(f"{place} name", value["name"], _Name)], options)


def _check_same_kind(task: Task, other: Task) -> None:
    """Raise InvalidValueError unless a model of one task can be tested on the other."""
    for name in ("num_symbols", "num_classes", "num_channels", "num_outputs"):
        ours, theirs = getattr(task, name), getattr(other, name)
        check(ours == theirs, f"{other} must have the {name} of {task}, {ours}; got {theirs}")
