"""A study as a file describes it (docs/studies.md), and presets, some of which are such files.

    hidden_size = 50
    seeds = [10, 11, 12]
    task = { name = "associative-retrieval", num_pairs = 8 }
    models = [{ name = "lstm" }, { name = "fast-weights", cell.decay = 0.95 }]
    search = { seeds = [0], values.training.learning_rate = [1e-3, 2e-3] }

What is said of a model counts before what is said of a condition, and that before what is said of all. An
option of a cell that nothing is said of is as the package recommends it at that size.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from fastweights import plugins, registry
from fastweights.errors import InvalidValueError, UnknownNameError, check, check_choice, errors_at, suggestion
from fastweights.files import open_file
from fastweights.models import BlockOptions, ClassifierOptions
from fastweights.runs.conversion import build_options, convert_value
from fastweights.runs.specification import DataOptions, RunSpecification
from fastweights.studies.papers import papers
from fastweights.studies.plans import Choice, Plan
from fastweights.studies.search import dimensions
from fastweights.studies.study import MAX_RUNS, Preset, Row, Search, Study
from fastweights.studies.study_file import ConditionKeys, ModelKeys, StudyKeys, decoded
from fastweights.tasks.base import Task
from fastweights.training.options import TrainingOptions

_OWN = ("smoke",)
"""Presets that belong to no paper, described beside this file."""

_MAX_BYTES = 2**20


@dataclass(frozen=True)
class StudyDescription(Preset):
    """A study in the words of a file."""

    name: str
    """Of the file, for messages."""
    text: str
    """Its content; empty if there is no file."""
    content: StudyKeys

    @classmethod
    def read(cls, path: Path) -> "StudyDescription":
        """The description in a TOML file; the plugins that it names are loaded, files relative to its folder.

        Raises: FileError if it cannot be read; InvalidValueError, with the place, if it is no description, or
        if its name does not end in .toml: then it might be a preset's.
        """
        check(path.suffix == ".toml", f"a study's file ends in .toml; got {path.name}")
        with open_file(path) as file:
            content = file.read(_MAX_BYTES + 1)
        with errors_at(path.name):
            check(len(content) <= _MAX_BYTES, f"it has more than {_MAX_BYTES:,} bytes")
            try:
                text = content.decode()
                value = tomllib.loads(text)
            except (ValueError, RecursionError) as error:
                raise InvalidValueError(f"it is no TOML: {error}") from error
        return cls.of(value, path.name, text, path.parent)

    @classmethod
    def of(
        cls, value: Mapping[str, Any], name: str = "study", text: str = "", folder: Path = Path()
    ) -> "StudyDescription":
        """The description that a file of this content is.

        Raises: InvalidValueError, with the place, if something is missing, unknown or of a wrong type.
        """
        with errors_at(name):
            content = decoded(value)
            for i, plugin in enumerate(content.plugins):
                with errors_at(f"plugins[{i}]"):
                    plugins.load_plugin(folder / plugin if plugin.endswith(".py") else plugin)
        return cls(name, text, content)

    def plan(self, choice: Choice) -> Plan:
        """The study's runs, as far as the choice leaves them.

        Chosen sizes are trained in the conditions of the nearest size that there is, of two the larger.
        """
        check(not choice.parts, f"this preset has no parts; got {', '.join(choice.parts)}")
        check_choice("sampler", choice.sampler, ("grid",))
        check(choice.seeds is None or choice.seeds >= 1, f"seeds must be at least 1; got {choice.seeds}")
        return self.study(choice).plan

    def study(self, choice: Choice = Choice()) -> Study:
        """The study, its rows by conditions and then by models.

        Raises: InvalidValueError, with the place, for what is unknown, out of range or does not fit together.
        """
        chosen = _chosen(self.content, choice)
        with errors_at(self.name):
            conditions, models = len(chosen.conditions), len(chosen.models)
            check(
                conditions * models <= MAX_RUNS, f"there are more than {MAX_RUNS:,} conditions times models"
            )
            search = chosen.search and Search(
                chosen.search.seeds, chosen.search.sampler, chosen.search.trials
            )
            rows = [_row(chosen, *place) for place in product(range(conditions), range(models))]
            return Study(rows, chosen.seeds, search)


def _chosen(study: StudyKeys, choice: Choice) -> StudyKeys:
    """The study as far as the choice leaves it. Another task is that of all sets: what the study says of the
    test set's does not count."""
    conditions, models = study.conditions, study.models
    task, test_task, seeds = study.task, study.test_task, study.seeds
    if choice.task is not None:
        test_task = {}
        task = {"name": registry.tasks.name_of(type(choice.task)), **vars(choice.task)}
        conditions = [replace(condition, task={}, test_task={}) for condition in conditions]
    if choice.models:
        known = {model.name: model for model in reversed(models)}
        models = [known.get(name, ModelKeys(name=name)) for name in dict.fromkeys(choice.models)]
    if choice.hidden_sizes:
        models = [replace(model, hidden_size=None) for model in models]
        conditions = [
            replace(condition, hidden_size=size)
            for size in dict.fromkeys(choice.hidden_sizes)
            for condition in _nearest(conditions, size)
        ]
    if choice.seeds is not None:
        seeds = list(range(seeds[0], seeds[0] + choice.seeds))
    return replace(study, task=task, test_task=test_task, conditions=conditions, models=models, seeds=seeds)


def _nearest(conditions: Sequence[ConditionKeys], size: int) -> list[ConditionKeys]:
    """The conditions of the size nearest to this one, of two the larger; all that say nothing of a size."""
    sizes = {condition.hidden_size for condition in conditions if condition.hidden_size is not None}
    nearest = min(sizes, key=lambda known: (abs(known - size), -known), default=None)
    return [condition for condition in conditions if condition.hidden_size in (None, nearest)]


def _row(study: StudyKeys, i: int, j: int) -> Row:
    condition, model, search = study.conditions[i], study.models[j], study.search
    said = {"": study, f"conditions[{i}].": condition, f"models[{j}].": model}
    sizes = [options.hidden_size for options in said.values() if options.hidden_size is not None]
    check(bool(sizes), f"hidden_size is missing: say it for all, in conditions[{i}] or in models[{j}]")
    with errors_at(f"models[{j}].name"):
        cell = registry.cells[model.name]

    def options(group: str, default: Any, owner: str) -> Any:
        tables = {f"{place}{group}": getattr(each, group) for place, each in said.items()}
        return build_options(type(default), owner, tables, default)

    task, test_task = _tasks(study, condition, f"conditions[{i}]")
    cell_options = options("cell", cell.recommended(sizes[-1]), f"the model {model.name}")
    classifier = options("classifier", ClassifierOptions(), "classifiers")
    training = options("training", TrainingOptions(), "training")
    data = options("data", DataOptions(), "data")
    blocks = options("blocks", BlockOptions(), "blocks")
    with errors_at(f"conditions[{i}] with models[{j}]"):
        base = RunSpecification(
            task,
            model.name,
            sizes[-1],
            cell_options,
            classifier,
            training,
            data,
            blocks=blocks,
            test_task=test_task,
        )
    values = {"search.values": search.values if search else {}, f"models[{j}].values": model.values}
    on_grid = search is None or search.sampler == "grid"
    space = dimensions(base, values, on_grid=on_grid) if any(values.values()) else ()
    goals = {f"conditions[{i}].goal": condition.goal, "goal": study.goal}
    place = next((place for place, goal in goals.items() if goal is not None), "goal")
    with errors_at(place):
        return Row(base, space, goals[place])


def _tasks(study: StudyKeys, condition: ConditionKeys, where: str) -> tuple[Task, Task | None]:
    """The task, and that of the test set if something is said of it. A condition that names a task makes void
    what the study says of both."""
    place, name = f"{where}.", condition.task.get("name")
    said = {place: condition} if name is not None else {"": study, place: condition}
    first = next(iter(said))
    check("name" in said[first].task, "task.name is missing")
    name = convert_value(f"{first}task.name", said[first].task["name"], str)
    with errors_at(f"{first}task.name"):
        cls = registry.tasks[name]
    tables = {
        f"{place}task": {option: value for option, value in entry.task.items() if option != "name"}
        for place, entry in said.items()
    }
    task = build_options(cls, f"the task {name}", tables)
    tests = {f"{place}test_task": entry.test_task for place, entry in said.items() if entry.test_task}
    return task, build_options(cls, f"the task {name}", tests, task) if tests else None


def preset_names() -> list[str]:
    """The papers' presets, then those that belong to none."""
    return [*(name for paper in papers() for name in paper.presets), *_OWN]


def get_preset(name: str) -> Preset:
    """The preset of that name. Raises UnknownNameError."""
    for paper in registry.papers.values():
        if name in paper.presets:
            return paper().preset(name)
    if name not in _OWN:
        known = preset_names()
        near = suggestion(name, known)
        raise UnknownNameError(f"unknown preset {name!r}{near}; expected one of {', '.join(known)}")
    return StudyDescription.read(Path(__file__).with_name(f"{name}.toml"))
