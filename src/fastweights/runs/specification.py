"""The specification of a run: all that decides its result, frozen, and as JSON."""

import dataclasses
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Self, get_args, get_origin, get_type_hints

import jax

from fastweights import registry
from fastweights.cells.base import check_sizes
from fastweights.errors import MAX_SEED, InvalidValueError, check, check_between, shown
from fastweights.models import ClassifierOptions, SequenceClassifier
from fastweights.runs.footprint import check_footprint
from fastweights.runs.identity import identify
from fastweights.tasks.base import Task
from fastweights.training.options import TrainingOptions

EMBEDDING_SIZE = 100
"""The cell's input size, unless symbols are one-hot (Ba et al. 2016, footnote 2)."""


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
        check_between("data seed", self.seed, 0, MAX_SEED)
        for name in ("train", "validation", "test"):
            check_between(name, getattr(self, name), 1, 10_000_000)


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

    def __post_init__(self) -> None:
        options = registry.cells[self.model].Options
        if self.cell is None:
            object.__setattr__(self, "cell", options())
        check(type(self.cell) is options, f"{self.model} takes {options.__name__}; got {self.cell!r}")
        check_between("hidden_size", self.hidden_size, 1, 10_000)
        check_sizes(self.input_size, self.hidden_size, registry.cells[self.model].size_multiple)
        check_between("seed", self.seed, 0, MAX_SEED)
        check_footprint(self)

    def to_json(self) -> dict[str, Any]:
        """As nested dictionaries of numbers and strings."""
        task_name = registry.tasks.name_of(type(self.task))
        return {
            "task": {"name": task_name, **_plain(self.task)},
            "model": {
                "name": self.model,
                "hidden_size": self.hidden_size,
                "cell": _plain(self.cell),
                "classifier": _plain(self.classifier),
            },
            "training": _plain(self.training),
            "data": _plain(self.data),
            "seed": self.seed,
        }

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """The inverse of `to_json`.

        Raises: InvalidValueError or UnknownNameError if anything is missing, unknown or out of range.
        """
        value = _mapping("specification", value, {"task", "model", "training", "data", "seed"})
        task = _mapping("task", value["task"], {"name"}, more=True)
        model = _mapping("model", value["model"], {"name", "hidden_size", "cell", "classifier"})
        for name, each in (("task", task["name"]), ("model", model["name"])):
            # A name is compared with those that are known: a long one for a long time.
            check(
                isinstance(each, str) and len(each) <= 80,
                f"{name} name must be a string of at most 80 characters; got {shown(each)}",
            )
        task_options = {name: each for name, each in task.items() if name != "name"}
        return cls(
            task=_build(registry.tasks[task["name"]], task_options),
            model=model["name"],
            hidden_size=_number("hidden_size", model["hidden_size"]),
            cell=_build(registry.cells[model["name"]].Options, model["cell"]),
            classifier=_build(ClassifierOptions, model["classifier"]),
            training=_build(TrainingOptions, value["training"]),
            data=_build(DataOptions, value["data"]),
            seed=_number("seed", value["seed"]),
        )

    @property
    def input_size(self) -> int:
        """The cell's."""
        return self.task.num_symbols if self.classifier.embedding == "one-hot" else EMBEDDING_SIZE

    @property
    def identifier(self) -> str:
        """Twelve hexadecimal digits of the specification's hash."""
        return identify(self.to_json())

    def build_model(self) -> SequenceClassifier:
        """The model before training; its weights depend on the seed only."""
        cell_key, classifier_key = jax.random.split(jax.random.fold_in(jax.random.key(self.seed), 0))
        cell_class: Any = registry.cells[self.model]
        cell = cell_class(
            self.input_size,
            self.hidden_size,
            options=self.cell,
            key=cell_key,
        )
        return SequenceClassifier(
            cell,
            self.task.num_symbols,
            self.task.num_classes,
            options=self.classifier,
            key=classifier_key,
        )


def _plain(options: Any) -> dict[str, Any]:
    """An options dataclass as a dictionary, without later options that are at their defaults."""
    kept = [
        each
        for each in dataclasses.fields(options)
        if "later" not in each.metadata or getattr(options, each.name) != each.default
    ]
    return {each.name: getattr(options, each.name) for each in kept}


def _mapping(
    name: str, value: Any, keys: set[str], *, optional: Collection[str] = (), more: bool = False
) -> Mapping[str, Any]:
    check(isinstance(value, dict), f"{name} must be an object; got {type(value).__name__}")
    found = set(value)
    check(keys <= found, f"{name} lacks {', '.join(sorted(keys - found))}")
    unknown = found.difference(keys, optional)
    check(more or not unknown, f"{name} holds unknown {', '.join(sorted(map(repr, unknown)))[:80]}")
    return value


def _number(name: str, value: Any) -> int:
    check(type(value) is int, f"{name} must be a whole number; got {shown(value)}")
    return value


def _build(cls: type, value: Any) -> Any:
    """An options dataclass from a dictionary; every field but later ones must be there, and of its annotated
    type."""
    hints = get_type_hints(cls)
    required = {each.name for each in dataclasses.fields(cls) if "later" not in each.metadata}
    value = _mapping(cls.__name__, value, required, optional=set(hints) - required)
    for name, each in value.items():
        hint = hints[name]
        if get_origin(hint) is Literal:
            good = any(each == choice and type(each) is type(choice) for choice in get_args(hint))
        elif hint is float:
            good = type(each) is float or (type(each) is int and abs(each) < 2**53)
        else:
            good = type(each) is hint and (hint is not int or abs(each) < 2**64)
        if not good:
            raise InvalidValueError(f"{name} of {cls.__name__} cannot be {shown(each)}")
    return cls(**{name: float(each) if hints[name] is float else each for name, each in value.items()})
