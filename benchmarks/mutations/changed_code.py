"""The code of a function with one number of its formula changed."""

import ast
import copy
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any, NamedTuple

_NOT_NUMBERS = {"axis", "axis1", "axis2", "ndmin", "dtype", "keepdims", "ord", "start"}
"""Keyword arguments that are no part of a formula."""

_OVER_AXES = {"sum", "mean", "max", "min", "any", "all", "argmax"}
"""Methods whose first argument is an axis."""

Changed = tuple[str, Callable[[Any], ast.AST]]
"""A change in words, and a function that makes it of the node."""


class Change(NamedTuple):
    """What can be changed about a node, given by how much."""

    by_factor: Callable[[float], Changed]
    by_one: Callable[[int], Changed] | None = None
    """In its place where only a whole number makes sense: one more or less."""


def changes(site: ast.AST, root: ast.AST) -> Iterator[Change]:
    """What can be changed about a node; nothing about one that only chooses entries or axes."""
    if not getattr(site, "counts", True):
        return
    if isinstance(site, ast.Constant) and _is_number(site):
        number: Any = site.value
        by_one = (lambda by: _set_to(number, number + by)) if isinstance(number, int) else None
        yield Change(lambda factor: _set_to(number, number * factor if number else factor - 1), by_one)
    if isinstance(site, ast.BinOp) and isinstance(site.op, ast.Pow) and not _is_number(site.right):
        yield Change(lambda factor: (f"exponent {_text(site.right)} · {factor}", _with("right", factor)))
    if isinstance(site, ast.BinOp) and isinstance(site.op, ast.Add | ast.Sub):
        for side in ("left", "right"):
            term = getattr(site, side)
            if not _is_number(term) and not _is_sum(term):
                yield _of_term(side, _text(term))
    if isinstance(site, ast.Call) and site.args:
        called = site.func.attr if isinstance(site.func, ast.Attribute) else getattr(site.func, "id", "")
        if called == "exp":
            yield Change(lambda factor: (f"exp({_text(site.args[0])}) · {factor} inside", _argument(factor)))
        if called == "sqrt":
            yield Change(lambda factor: (f"√({_text(site.args[0])}) to the power {factor}", _power(factor)))
    value = (
        site.value if isinstance(site, ast.Return) else site.body if isinstance(site, ast.Lambda) else None
    )
    if value is not None and (site is root or isinstance(site, ast.Return)) and _is_formula(value):
        attribute = "value" if isinstance(site, ast.Return) else "body"
        yield Change(lambda factor: (f"value · {factor}", _value(attribute, factor)))


def _set_to(value: float, other: float) -> Changed:
    return f"{value} → {other:.4g}", lambda node: ast.Constant(other)


def _of_term(side: str, text: str) -> Change:
    return Change(
        lambda factor: (f"term {text} · {factor}", _with(side, factor)),
        lambda by: (f"term {text} {by:+d}", _with_more(side, by)),
    )


def _scaled(node: ast.AST, factor: float) -> ast.BinOp:
    return ast.BinOp(left=node, op=ast.Mult(), right=ast.Constant(factor))  # type: ignore[arg-type]


def _with(attribute: str, factor: float) -> Callable[[Any], ast.AST]:
    def replace(node: Any) -> ast.AST:
        setattr(node, attribute, _scaled(getattr(node, attribute), factor))
        return node

    return replace


def _with_more(attribute: str, by: int) -> Callable[[Any], ast.AST]:
    def replace(node: Any) -> ast.AST:
        more = ast.BinOp(left=getattr(node, attribute), op=ast.Add(), right=ast.Constant(by))
        setattr(node, attribute, more)
        return node

    return replace


def _value(attribute: str, factor: float) -> Callable[[Any], ast.AST]:
    def replace(node: Any) -> ast.AST:
        setattr(node, attribute, _scaled_value(getattr(node, attribute), factor))
        return node

    return replace


def _scaled_value(node: ast.expr, factor: float) -> ast.Call:
    """A call of `scaled`, which the function's module doesn't know."""
    module: Any = ast.parse('__import__("mutations.scaling", fromlist=["scaled"]).scaled', mode="eval").body
    return ast.Call(module, [node, ast.Constant(factor)], [])


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


def definition(function: FunctionType) -> Any:
    """The function's part of its file's syntax tree, without decorators. Numbers that only choose entries or
    axes are marked: they don't count."""
    code = function.__code__
    tree = ast.parse(Path(code.co_filename).read_text(encoding="utf-8"))
    kind: Any = ast.Lambda if code.co_name == "<lambda>" else ast.FunctionDef
    nodes: Any = ast.walk(tree)
    for node in nodes:
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
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _OVER_AXES:
        places = [argument for argument in node.args[:1] if _is_number(argument)]
    elif isinstance(node, ast.FunctionDef | ast.Lambda):
        places = (*node.args.defaults, *filter(None, node.args.kw_defaults))
    for place in places:
        for inner in ast.walk(place):
            inner.counts = False  # type: ignore[attr-defined]


def compiled(function: FunctionType, node: Any, number: int, replace: Callable[[Any], ast.AST]) -> CodeType:
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
