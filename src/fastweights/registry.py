"""Names of cells, memories, tasks, checks and papers. To register a class is all it takes to add one."""

import importlib
import pkgutil
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple, TypeVar

from fastweights import plugins
from fastweights.errors import InvalidValueError, UnknownNameError, suggestion
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
    """

    def __init__(self, kind: str, package: str, modules: Callable = pkgutil.walk_packages) -> None:
        self.kind = kind
        self._package = package
        self._modules = modules
        self._entries: dict[str, _Entry] = {}
        self._loaded = False

    def register(self, name: str, *, source: str) -> Callable[[T], T]:
        """Class decorator: file the class under `name`; `source` cites where its equations come from.

        A class of the same module and name replaces an earlier one: a cell of a notebook that is run again.

        Raises: InvalidValueError if the name is taken by any other class.
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
            raise UnknownNameError(f"unknown {self.kind} {name!r}{suggestion(name, self)}; {known}")
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


cells = Registry("model", "fastweights.cells")
memories = Registry("memory", "fastweights.memories")
tasks = Registry("task", "fastweights.tasks")
checks = Registry("check", "fastweights.theory")
papers = Registry("paper", "fastweights.papers", pkgutil.iter_modules)
register_cell = cells.register
register_memory = memories.register
register_task = tasks.register
register_check = checks.register
register_paper = papers.register
