"""False variants of a check's formulas: each constant and exponent changed, one at a time.

A check that still holds with a false formula doesn't verify it. Formulas are found by construction: they are
the functions among a check's fields, and what these call and read in turn. Numbers of samples, seeds,
tolerances and coordinates of figures stand elsewhere, in `examine`, and are not touched. Nor is a function
that draws at random: it has a parameter `rng`.
"""

import ast
import builtins
import copy
import dataclasses
import inspect
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

from fastweights import registry
from fastweights.theory.check import Check

FACTORS = (1.15, 0.85)
_NOT_NUMBERS = {"axis", "ndmin", "dtype", "keepdims", "ord", "start"}
"""Keyword arguments that are no part of a formula."""


@dataclass(frozen=True)
class Mutant:
    """A formula, or a public constant that formulas read, with one number changed."""

    path: Path
    line: int
    name: str
    """Of the function or constant."""
    change: str
    """Such as `2 → 2.3` or `a**b → a**(b · 1.15)`."""
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
    own, package = type(check).__module__, __package__ or ""
    others = {other.__module__ for other in registry.checks.values()} - {own}
    values = [getattr(check, field.name) for field in dataclasses.fields(check)]
    queue = [
        inner for value in values for inner in (value.values() if isinstance(value, Mapping) else [value])
    ]
    found: list[FunctionType] = []
    while queue:
        function = inspect.unwrap(queue.pop(0)) if callable(queue[0]) else queue.pop(0)
        if not isinstance(function, FunctionType) or function in found:
            continue
        module = function.__module__
        if module in others or not (module == own or module.startswith(f"{package}.")):
            continue
        if "rng" in inspect.signature(function).parameters:
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
    return changed + [
        _of_constant(function, name, value, factor)
        for name, (function, value) in constants.items()
        for factor in FACTORS
    ]


def _names(function: FunctionType) -> list[str]:
    """The global names that a function reads, also within functions inside it."""
    codes, names = [function.__code__], []
    while codes:
        code = codes.pop()
        names += [name for name in code.co_names if not hasattr(builtins, name)]
        codes += [const for const in code.co_consts if isinstance(const, CodeType)]
    return list(dict.fromkeys(names))


# --- changing functions -----------------------------------------------------------------------------------


def _of_function(function: FunctionType) -> Iterator[Mutant]:
    node, path = _definition(function), Path(function.__code__.co_filename)
    for number, site in enumerate(ast.walk(node)):
        for what, change in _changes(site, node):
            for factor in FACTORS:
                line = getattr(site, "lineno", node.lineno)
                given = _mutant(function, node, path, line, number, *change(factor), what)
                whole = None
                if isinstance(site, ast.Constant) and isinstance(site.value, int):
                    other = site.value + (1 if factor > 1 else -1)
                    whole = _mutant(
                        function, node, path, line, number, f"{site.value} → {other}", _set(other), what
                    )
                yield dataclasses.replace(given, whole=whole)


def _mutant(
    function: FunctionType,
    node: ast.AST,
    path: Path,
    line: int,
    number: int,
    change: str,
    replace: Callable[[Any], ast.AST],
    what: str,
) -> Mutant:
    def apply() -> Callable[[], None]:
        before = function.__code__
        function.__code__ = _compiled(function, node, number, replace)

        def undo() -> None:
            function.__code__ = before

        return undo

    name = function.__name__ if function.__name__ != "<lambda>" else function.__qualname__
    return Mutant(path, line, name, f"{what}{change}", apply)


Change = tuple[str, Callable[[float], tuple[str, Callable[[Any], ast.AST]]]]


def _changes(site: ast.AST, root: ast.AST) -> Iterator[Change]:
    """What can be changed about a node."""
    if isinstance(site, ast.Constant) and _is_number(site) and getattr(site, "counts", True):
        yield "", lambda factor: _numbers(site.value, factor)
    if isinstance(site, ast.BinOp) and isinstance(site.op, ast.Pow) and not _is_number(site.right):
        yield "", lambda factor: (f"exponent {_text(site.right)} · {factor}", _with("right", factor))
    if isinstance(site, ast.BinOp) and isinstance(site.op, ast.Add | ast.Sub):
        for side in ("left", "right"):
            term = getattr(site, side)
            if not _is_number(term) and not _is_sum(term):
                text = _text(term)
                yield "", lambda factor, s=side, t=text: (f"term {t} · {factor}", _with(s, factor))
    if isinstance(site, ast.Call) and site.args:
        called = site.func.attr if isinstance(site.func, ast.Attribute) else getattr(site.func, "id", "")
        if called == "exp":
            yield "", lambda factor: (f"exp({_text(site.args[0])}) · {factor} inside", _argument(factor))
        if called == "sqrt":
            yield "", lambda factor: (f"√({_text(site.args[0])}) to the power {factor}", _power(factor))
    value = (
        site.value if isinstance(site, ast.Return) else site.body if isinstance(site, ast.Lambda) else None
    )
    if value is not None and (site is root or isinstance(site, ast.Return)) and _is_formula(value):
        attribute = "value" if isinstance(site, ast.Return) else "body"
        yield "", lambda factor: (f"value · {factor}", _with(attribute, factor))


def _numbers(value: float, factor: float) -> tuple[str, Callable[[Any], ast.AST]]:
    other = value * factor if value else factor - 1
    return f"{value} → {other:.4g}", _set(other)


def _set(value: float) -> Callable[[Any], ast.AST]:
    return lambda node: ast.Constant(value)


def _scaled(node: ast.AST, factor: float) -> ast.BinOp:
    return ast.BinOp(left=node, op=ast.Mult(), right=ast.Constant(factor))  # type: ignore[arg-type]


def _with(attribute: str, factor: float) -> Callable[[Any], ast.AST]:
    def replace(node: Any) -> ast.AST:
        setattr(node, attribute, _scaled(getattr(node, attribute), factor))
        return node

    return replace


def _argument(factor: float) -> Callable[[Any], ast.AST]:
    def replace(node: Any) -> ast.AST:
        node.args[0] = _scaled(node.args[0], factor)
        return node

    return replace


def _power(factor: float) -> Callable[[Any], ast.AST]:
    return lambda node: ast.BinOp(left=node, op=ast.Pow(), right=ast.Constant(factor))


def _is_number(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and type(node.value) in (int, float)


def _is_sum(node: ast.AST) -> bool:
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub)


def _is_formula(node: ast.AST) -> bool:
    """Not a text, a collection or a comparison."""
    return not isinstance(node, ast.JoinedStr | ast.Tuple | ast.Dict | ast.List | ast.Compare) and not (
        isinstance(node, ast.Constant) and not _is_number(node)
    )


def _text(node: ast.AST) -> str:
    return ast.unparse(node)


def _definition(function: FunctionType) -> ast.FunctionDef | ast.Lambda:
    """The function's part of its file's syntax tree, without decorators. Numbers that only choose entries or
    axes are marked: they don't count."""
    code = function.__code__
    tree = ast.parse(Path(code.co_filename).read_text(encoding="utf-8"))
    kind: Any = ast.Lambda if code.co_name == "<lambda>" else ast.FunctionDef
    for node in ast.walk(tree):
        if not isinstance(node, kind) or _first_line(node) != code.co_firstlineno:
            continue
        if isinstance(node, ast.FunctionDef):
            if node.name != code.co_name:
                continue
            node.decorator_list, node.returns = [], None
            node.args = _plain(node.args)
        elif _extent(node.body) not in set(code.co_positions()):
            continue  # another lambda of the same line
        for inner in ast.walk(node):
            _mark(inner)
        return node
    raise LookupError(f"the source of {function.__qualname__} isn't found in {code.co_filename}")


def _extent(node: ast.expr) -> tuple[int | None, ...]:
    return node.lineno, node.end_lineno, node.col_offset, node.end_col_offset


def _first_line(node: Any) -> int:
    decorators = getattr(node, "decorator_list", [])
    return decorators[0].lineno if decorators else node.lineno


def _plain(arguments: ast.arguments) -> ast.arguments:
    """Without annotations and defaults, which are no part of the function's code."""
    for argument in ast.walk(arguments):
        if isinstance(argument, ast.arg):
            argument.annotation = None
    return arguments


def _mark(node: ast.AST) -> None:
    places: Sequence[ast.AST] = ()
    if isinstance(node, ast.Subscript):
        places = (node.slice,)
    elif isinstance(node, ast.keyword) and node.arg in _NOT_NUMBERS:
        places = (node.value,)
    elif isinstance(node, ast.FunctionDef | ast.Lambda):
        places = (*node.args.defaults, *filter(None, node.args.kw_defaults))
    for place in places:
        for inner in ast.walk(place):
            inner.counts = False  # type: ignore[attr-defined]


def _compiled(function: FunctionType, node: Any, number: int, replace: Callable[[Any], ast.AST]) -> CodeType:
    """The code of the function with its n-th node replaced."""
    node = copy.deepcopy(node)
    target = next(inner for i, inner in enumerate(ast.walk(node)) if i == number)
    if target is node:
        return _code_of(function, replace(node))

    class Replaced(ast.NodeTransformer):
        def visit(self, node: ast.AST) -> Any:
            return replace(node) if node is target else self.generic_visit(node)

    return _code_of(function, Replaced().visit(node))


def _code_of(function: FunctionType, node: Any) -> CodeType:
    filename = function.__code__.co_filename
    statement = ast.Expr(node) if isinstance(node, ast.Lambda) else node
    module = ast.fix_missing_locations(ast.Module([statement], type_ignores=[]))
    code = compile(module, filename, "exec", dont_inherit=True)
    return next(
        const
        for const in code.co_consts
        if isinstance(const, CodeType) and const.co_name == function.__code__.co_name
    )


# --- changing constants -----------------------------------------------------------------------------------


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
