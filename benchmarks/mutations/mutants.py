"""False variants of a check's formulas: each constant and exponent changed, one at a time.

A check that still holds with a false formula doesn't verify it. Formulas are found by construction: they are
the functions among a check's fields, and what these call and read in turn; a field that is a float is a
constant itself. Numbers of samples, seeds,
tolerances and coordinates of figures stand elsewhere, in `examine`, and are not touched. Nor is a function
that draws at random, which has a parameter `rng`, or one that another has made, such as `run_once`.
"""

import ast
import builtins
import dataclasses
import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

from fastweights import registry
from fastweights.theory.check import Check
from mutations.changed_code import changes, compiled, definition

FACTORS = (1.15, 0.85)


@dataclass(frozen=True)
class Mutant:
    """A formula, or a public constant that formulas read, with one number changed."""

    path: Path
    line: int
    name: str
    """Of the function or constant."""
    change: str
    """Such as `2 → 2.3` or `term a * b · 1.15`."""
    apply: Callable[[], Callable[[], None]] = dataclasses.field(repr=False, compare=False)
    """Puts the change in place, and returns what takes it back."""
    whole: "Mutant | None" = dataclasses.field(default=None, repr=False, compare=False)
    """In place of this one where only a whole number makes sense: the number, one more or less."""

    @property
    def argument(self) -> str:
        """Why a check can't see the change, if a comment `# survives: …` says so: on the line of the change,
        or on that of the function's name."""
        lines = self.path.read_text(encoding="utf-8").splitlines()
        named = (line for line in lines if f"def {self.name}(" in line)
        for line in (lines[self.line - 1], *named):
            _, found, reason = line.partition("# survives: ")
            if found:
                return reason.strip()
        return ""


@contextmanager
def applied(mutant: Mutant) -> Iterator[None]:
    """The change is in place within the block."""
    undo = mutant.apply()
    try:
        yield
    finally:
        undo()


def formulas(check: Check) -> list[FunctionType]:
    """The functions among the fields of a check, and those that they call in turn: of its module, and of
    those of this package that have no check of their own, which is examined for itself."""
    own, package = type(check).__module__, "fastweights.theory."
    others = {other.__module__ for other in registry.checks.values()} - {own}
    fields: Any = type(check)
    values = [getattr(check, field.name) for field in dataclasses.fields(fields)]
    queue = [
        inner for value in values for inner in (value.values() if isinstance(value, Mapping) else [value])
    ]
    found: list[FunctionType] = []
    while queue:
        function = inspect.unwrap(queue.pop(0)) if callable(queue[0]) else queue.pop(0)
        if not isinstance(function, FunctionType) or function in found:
            continue
        module = function.__module__
        if module in others or not (module == own or module.startswith(package)):
            continue
        if function.__code__.co_freevars or "rng" in inspect.signature(function).parameters:
            continue
        found.append(function)
        queue += [function.__globals__[name] for name in _names(function) if name in function.__globals__]
    return found


def mutants(check: Check) -> list[Mutant]:
    """Every change of every constant in the check's formulas."""
    functions = formulas(check)
    constants = {}
    for function in functions:
        for name in _names(function):
            value = function.__globals__.get(name)
            if name.isupper() and not name.startswith("_") and isinstance(value, int | float):
                constants[name] = function, value
    changed = [mutant for function in functions for mutant in _of_function(function)]
    for factor in FACTORS:
        changed += [
            _of_constant(function, name, value, factor) for name, (function, value) in constants.items()
        ]
        changed += [_of_field(check, name, factor) for name in _floats(check)]
    return changed


def _floats(check: Check) -> list[str]:
    """The fields that are numbers but no counts."""
    fields: Any = type(check)
    return [
        field.name for field in dataclasses.fields(fields) if isinstance(getattr(check, field.name), float)
    ]


def name_of(function: FunctionType) -> str:
    """Its name; a lambda's with that of its class."""
    return function.__qualname__ if function.__name__ == "<lambda>" else function.__name__


def _names(function: FunctionType) -> list[str]:
    """The global names that a function reads, also within functions inside it."""
    codes, names = [function.__code__], []
    while codes:
        code = codes.pop()
        names += [name for name in code.co_names if not hasattr(builtins, name)]
        codes += [const for const in code.co_consts if isinstance(const, CodeType)]
    return list(dict.fromkeys(names))


def _of_function(function: FunctionType) -> Iterator[Mutant]:
    node, path = definition(function), Path(function.__code__.co_filename)
    for number, site in enumerate(ast.walk(node)):
        place = path, getattr(site, "lineno", node.lineno), name_of(function)
        for change in changes(site, node):
            for factor in FACTORS:
                given, whole = _put(function, node, number, *change.by_factor(factor)), None
                if change.by_one:
                    more = change.by_one(1 if factor > 1 else -1)
                    whole = Mutant(*place, *_put(function, node, number, *more))
                yield Mutant(*place, *given, whole)


def _put(
    function: FunctionType, node: ast.AST, number: int, change: str, replace: Callable[[Any], ast.AST]
) -> tuple[str, Callable[[], Callable[[], None]]]:
    """The change in words, and what puts it in place."""

    def apply() -> Callable[[], None]:
        before = function.__code__
        function.__code__ = compiled(function, node, number, replace)

        def undo() -> None:
            function.__code__ = before

        return undo

    return change, apply


def _of_constant(function: FunctionType, name: str, value: float, factor: float) -> Mutant:
    """A public constant, changed in every module that has imported it."""

    def apply() -> Callable[[], None]:
        modules = [m for m in list(sys.modules.values()) if isinstance(m, ModuleType)]
        holders = [
            m for m in modules if m.__dict__.get(name) is value and m.__name__.startswith("fastweights.")
        ]
        for module in holders:
            setattr(module, name, value * factor)

        def undo() -> None:
            for module in holders:
                setattr(module, name, value)

        return undo

    code = function.__code__
    return Mutant(Path(code.co_filename), code.co_firstlineno, name, f"{value:.4g} · {factor}", apply)


def _of_field(check: Check, name: str, factor: float) -> Mutant:
    """A field of this very check, which is frozen for others."""
    value = getattr(check, name)

    def apply() -> Callable[[], None]:
        object.__setattr__(check, name, value * factor)
        return lambda: object.__setattr__(check, name, value)

    path = Path(inspect.getfile(type(check)))
    lines = path.read_text(encoding="utf-8").splitlines()
    line = next(number for number, text in enumerate(lines, 1) if text.strip().startswith(f"{name}: float"))
    return Mutant(path, line, name, f"{value:g} → {value * factor:.4g}", apply)
