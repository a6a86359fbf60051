"""Names of cells, memories, tasks, checks, demos and papers. To register a class is all it takes."""

import dataclasses
import importlib
import inspect
import pkgutil
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple, TypeVar

from fastweights import plugins
from fastweights.errors import InvalidValueError, UnknownNameError, check, suggestion
from fastweights.plugins import Plugin

T = TypeVar("T", bound=type)


class _Entry(NamedTuple):
    cls: type
    source: str
    module: str
    """Where it was registered."""

    def __str__(self) -> str:
        return f"{self.module}.{self.cls.__qualname__}"


class Registry(Mapping[str, type]):
    """A mapping from kebab-case names to classes, filled by importing every module of a package, and by
    plugins.

    `kind` names the entries in error messages; `package` is imported on the first look-up, so that a
    new file is found without being listed anywhere. `modules` lists the package's modules; with
    `pkgutil.iter_modules` those inside its subpackages are imported by the subpackage, or not at all.
    `contract` is the full name of the class that every entry derives from; it is not imported for that.
    """

    def __init__(
        self, kind: str, package: str, contract: str = "", modules: Callable = pkgutil.walk_packages
    ) -> None:
        self.kind = kind
        self._package = package
        self._contract = contract
        self._modules = modules
        self._entries: dict[str, _Entry] = {}
        self._loaded = False

    def register(self, name: str, *, source: str) -> Callable[[T], T]:
        """Class decorator: file the class under `name`; `source` cites where its equations come from.

        A class of the same module and name replaces an earlier one: a cell of a notebook that is run again.

        Raises: InvalidValueError if the name is taken by any other class, or if the class lacks what its kind
        must have.
        """
        module = sys._getframe(1).f_globals["__name__"]
        if not module.startswith(f"{self._package}."):
            self._load()  # the package's own names come first, whatever is imported first

        def add(cls: T) -> T:
            entry, known = _Entry(cls, source, module), self._entries.get(name)
            if known is not None and str(known) != str(entry):
                raise InvalidValueError(
                    f"the {self.kind} name {name!r} is taken by {known}; register {entry} under another name"
                )
            if self._contract:
                _check_contract(cls, self._contract)
            self._entries[name] = entry
            return cls

        return add

    def source(self, name: str) -> str:
        """The citation given at registration. Raises UnknownNameError."""
        return self._entry(name).source

    def plugin(self, name: str) -> Plugin | None:
        """The plugin that registered the name, if one did. Raises UnknownNameError."""
        return plugins.owner(self._entry(name).module)

    def name_of(self, cls: type) -> str:
        """The name under which `cls` is registered. Raises UnknownNameError."""
        for name in self:
            if self[name] is cls:
                return name
        raise UnknownNameError(f"{cls.__qualname__} is not registered as a {self.kind}")

    def _load(self) -> None:
        if self._loaded:
            return
        self._loaded = True
        try:
            package = importlib.import_module(self._package)
            for module in self._modules(package.__path__, f"{self._package}."):
                importlib.import_module(module.name)
        except BaseException:
            self._loaded = False
            raise
        plugins.load_installed()

    def _entry(self, name: str) -> _Entry:
        self._load()
        if name not in self._entries:
            known = f"known: {', '.join(self)}" if self._entries else "none is registered"
            near = suggestion(name, self)
            hint = "" if near or plugins.loaded() else "; a name from a plugin needs --plugin"
            raise UnknownNameError(f"unknown {self.kind} {name!r}{near}; {known}{hint}")
        return self._entries[name]

    def __getitem__(self, name: str) -> type:
        return self._entry(name).cls

    def __contains__(self, name: object) -> bool:
        self._load()
        return name in self._entries

    def __iter__(self) -> Iterator[str]:
        self._load()
        return iter(sorted(self._entries))

    def __len__(self) -> int:
        self._load()
        return len(self._entries)


def _check_contract(cls: type, contract: str) -> None:
    """Raise InvalidValueError unless the class derives from `contract`, lacks nothing and has a hash."""
    name, bases = cls.__qualname__, [f"{base.__module__}.{base.__qualname__}" for base in cls.__mro__]
    check(contract in bases, f"{name} must be a subclass of {contract}")
    fields = {field.name for field in dataclasses.fields(cls)} if dataclasses.is_dataclass(cls) else set()
    missing = {*getattr(cls, "__abstractmethods__", ()), *getattr(cls, "__abstractvars__", ())} | {
        attribute
        for base in cls.__mro__
        for attribute, kind in inspect.get_annotations(base).items()
        if "ClassVar" in str(kind) and not hasattr(cls, attribute) and attribute not in fields
    }
    check(not missing, f"{name} lacks {', '.join(sorted(missing))}: see {contract}")
    check(cls.__hash__ is not None, f"{name} must be hashable: make it a @dataclass(frozen=True)")


cells = Registry("model", "fastweights.cells", "fastweights.cells.base.Cell")
memories = Registry("memory", "fastweights.memories", "fastweights.memories.base.Memory")
tasks = Registry("task", "fastweights.tasks", "fastweights.tasks.base.Task")
checks = Registry("check", "fastweights.theory", "fastweights.theory.check.Check")
demos = Registry("demo", "fastweights.demos", "fastweights.demos.base.Demo")
papers = Registry("paper", "fastweights.papers", modules=pkgutil.iter_modules)
register_cell = cells.register
register_memory = memories.register
register_task = tasks.register
register_check = checks.register
register_demo = demos.register
register_paper = papers.register
