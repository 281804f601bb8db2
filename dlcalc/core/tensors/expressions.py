"""Extents that a file writes as expressions in open ones, such as ``Add(FloorDiv(Symbol('s0'), Integer(2)), 1)``."""

import ast
from collections.abc import Callable, Iterator, Mapping
from math import prod

_MOST_CHARACTERS = 10_000
_LIMIT = 10**18  # of an extent, as of one that is typed


def evaluate(expression: str, values: Mapping[str, int]) -> int | None:
    """Evaluate a whole number written with symbols; None where that cannot be done.

    Args:
        expression: a name, or calls of ``Symbol``, ``Integer``, ``Add``, ``Mul``, ``FloorDiv``, ``Mod``, ``Pow``,
            ``Max``, ``Min`` and the like, as sympy writes them; or the usual signs.
        values: of the symbols.

    >>> evaluate("Add(FloorDiv(Symbol('s0', integer=True), Integer(2)), Integer(1))", {"s0": 9})
    5
    >>> evaluate("2*s0 - 1", {"s0": 4}), evaluate("s1", {"s0": 4}), evaluate("open('x')", {})
    (7, None, None)
    """
    if len(expression) > _MOST_CHARACTERS:
        return None
    try:
        found = _value(ast.parse(expression, mode="eval").body, values)
    except (SyntaxError, ValueError, RecursionError, MemoryError, ZeroDivisionError):
        return None
    return found if abs(found) < _LIMIT else None


def symbol(expression: object) -> str | None:
    """Find the one symbol that an expression is; None where it is more than that.

    >>> symbol("Symbol('s77', positive=True, integer=True)"), symbol("s0"), symbol("2*s0")
    ('s77', 's0', None)
    """
    text = str(expression)
    if text.isidentifier():
        return text
    if not text.startswith("Symbol(") or text.count("(") > 1:
        return None
    found = symbols_of(text)
    return found.pop() if len(found) == 1 else None


def symbols_of(expression: str) -> set[str]:
    """List the symbols of an expression; none of one that cannot be read.

    >>> sorted(symbols_of("Mul(Symbol('s0', integer=True), s1)"))
    ['s0', 's1']
    """
    try:
        tree = ast.parse(expression[:_MOST_CHARACTERS], mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()
    return set(_symbols(tree.body))


def _symbols(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Name):
        yield node.id
    elif isinstance(node, ast.BinOp):
        yield from _symbols(node.left)
        yield from _symbols(node.right)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        if node.func.id == "Symbol" and node.args and isinstance(node.args[0], ast.Constant):
            yield str(node.args[0].value)
        else:
            for argument in node.args:
                yield from _symbols(argument)


def _value(node: ast.expr, values: Mapping[str, int]) -> int:
    if isinstance(node, ast.Constant) and type(node.value) is int:
        return node.value
    if isinstance(node, ast.Name) and node.id in values:
        return values[node.id]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_value(node.operand, values)
    if isinstance(node, ast.BinOp) and type(node.op) in _SIGNS:
        return _bounded(_SIGNS[type(node.op)]([_value(node.left, values), _value(node.right, values)]))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        name, arguments = node.func.id, node.args
        if name == "Symbol" and arguments and isinstance(arguments[0], ast.Constant):
            return values[str(arguments[0].value)] if arguments[0].value in values else _unknown()
        if name in _CALLS and arguments:
            return _bounded(_CALLS[name]([_value(argument, values) for argument in arguments]))
    return _unknown()


def _unknown() -> int:
    raise ValueError("an expression that is not known here")


def _bounded(number: int) -> int:
    return number if abs(number) < _LIMIT**2 else _unknown()


def _power(of: list[int]) -> int:
    base, exponent = of
    return base**exponent if 0 <= exponent <= 8 else _unknown()


def _divided(of: list[int]) -> int:
    number, divisor = of
    return number // divisor if number % divisor == 0 else _unknown()


_CALLS: dict[str, Callable[[list[int]], int]] = {
    "Integer": lambda of: of[0],
    "Add": sum,
    "Mul": prod,
    "Max": max,
    "Min": min,
    "FloorDiv": lambda of: of[0] // of[1],
    "CleanDiv": lambda of: of[0] // of[1],
    "CeilDiv": lambda of: -(-of[0] // of[1]),
    "IntTrueDiv": _divided,
    "Mod": lambda of: of[0] % of[1],
    "PythonMod": lambda of: of[0] % of[1],
    "Pow": _power,
    "PowByNatural": _power,
}
_SIGNS: dict[type[ast.operator], Callable[[list[int]], int]] = {
    ast.Add: sum,
    ast.Sub: lambda of: of[0] - of[1],
    ast.Mult: prod,
    ast.FloorDiv: lambda of: of[0] // of[1],
    ast.Mod: lambda of: of[0] % of[1],
    ast.Pow: _power,
}
