"""Names of cells, memories, tasks, checks and papers. To register a class is all it takes to add one."""

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

from fastweights.errors import UnknownNameError, suggestion

T = TypeVar("T", bound=type)


class Registry(Mapping[str, type]):
    """A mapping from kebab-case names to classes, filled by importing every module of a package.

    `kind` names the entries in error messages; `package` is imported on the first look-up, so that a
    new file is found without being listed anywhere. `modules` lists the package's modules; with
    `pkgutil.iter_modules` those inside its subpackages are imported by the subpackage, or not at all.
    """

    def __init__(self, kind: str, package: str, modules: Callable = pkgutil.walk_packages) -> None:
        self.kind = kind
        self._package = package
        self._modules = modules
        self._entries: dict[str, tuple[type, str]] = {}
        self._loaded = False

    def register(self, name: str, *, source: str) -> Callable[[T], T]:
        """Class decorator: file the class under `name`; `source` cites where its equations come from.

        Raises ValueError if the name is taken by another class.
        """

        def add(cls: T) -> T:
            known = self._entries.get(name)
            if known is not None and known[0].__qualname__ != cls.__qualname__:
                raise ValueError(f"the {self.kind} name {name!r} is taken by {known[0].__qualname__}")
            self._entries[name] = (cls, source)
            return cls

        return add

    def source(self, name: str) -> str:
        """The citation given at registration."""
        self[name]
        return self._entries[name][1]

    def name_of(self, cls: type) -> str:
        """The name under which `cls` is registered."""
        return next(name for name in self if self[name] is cls)

    def _load(self) -> None:
        if not self._loaded:
            self._loaded = True
            package = importlib.import_module(self._package)
            for module in self._modules(package.__path__, f"{self._package}."):
                importlib.import_module(module.name)

    def __getitem__(self, name: str) -> type:
        self._load()
        if name not in self._entries:
            known = f"known: {', '.join(self)}" if self._entries else "none is registered"
            raise UnknownNameError(f"unknown {self.kind} {name!r}{suggestion(name, self)}; {known}")
        return self._entries[name][0]

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
