"""Expressions in flows: small, typed, bounded; evaluated by simpleeval, never by Python's eval.

An expression has no loops and at most `MAX_NODES` nodes, so its cost is bounded before it runs. A failing expression
raises `ExpressionError`: a content error with its place, never silently false.
"""

from __future__ import annotations

import ast
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any

from simpleeval import EvalWithCompoundTypes, InvalidExpression

from bot.dialogue.dates import next_such_day

MAX_NODES = 60
MAX_LENGTH = 300

_ALLOWED = (
    ast.Expression, ast.BoolOp, ast.And, ast.Or, ast.UnaryOp, ast.Not, ast.USub, ast.BinOp, ast.Add, ast.Sub, ast.Mult,
    ast.Div, ast.FloorDiv, ast.Mod, ast.Compare, ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.In,
    ast.NotIn, ast.Is, ast.IsNot, ast.Call, ast.Name, ast.Load, ast.Constant, ast.Tuple, ast.List, ast.IfExp,
)  # fmt: skip

FUNCTIONS = ("known", "days_until", "count", "number", "text", "min", "max", "plus_days", "anniversary")


class ExpressionError(Exception):
    """An expression that cannot be read or evaluated; the text says why."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A checked expression with its place (file:line)."""

    source: str
    place: str
    tree: ast.expr = field(compare=False, repr=False)
    names: frozenset[str] = frozenset()

    def __reduce__(self) -> tuple[Any, ...]:
        return parse, (self.source, self.place)


def parse(source: str, place: str = "") -> Expression:
    """Reads an expression such as `age < 14 and land == "BY"`.

    Raises ExpressionError when it is not one, too long, or uses anything but comparisons, and/or/not, arithmetic and
    the functions in `FUNCTIONS`.
    """
    if len(source) > MAX_LENGTH:
        raise ExpressionError(f"expression is longer than {MAX_LENGTH} characters")
    try:
        tree = ast.parse(source.strip(), mode="eval")
    except SyntaxError as error:
        raise ExpressionError(f"cannot read the expression {source!r}: {error.msg}") from error
    nodes = list(ast.walk(tree))
    if len(nodes) > MAX_NODES:
        raise ExpressionError(f"expression has more than {MAX_NODES} parts")
    called = set()
    for node in nodes:
        if not isinstance(node, _ALLOWED):
            raise ExpressionError(f"{type(node).__name__} is not allowed in an expression")
        if isinstance(node, ast.Call):
            if not isinstance(node.func, ast.Name) or node.func.id not in FUNCTIONS or node.keywords:
                raise ExpressionError(f"unknown function in {source!r}; known are {', '.join(FUNCTIONS)}")
            called.add(id(node.func))
    names = frozenset(n.id for n in nodes if isinstance(n, ast.Name) and id(n) not in called)
    return Expression(source, place, tree.body, names)


def evaluate(expression: Expression, names: Mapping[str, Any], today: date) -> Any:
    """The value of the expression; a name that has no value is None.

    Raises ExpressionError with the place when types do not fit or a value is missing where one is needed.
    """
    values = {name: names.get(name) for name in expression.names}
    evaluator = _own.evaluator
    evaluator.names, evaluator.functions = values, _functions(today)
    try:
        return evaluator.eval(expression.source, previously_parsed=expression.tree)
    except (InvalidExpression, TypeError) as error:  # their words name types, never values
        raise ExpressionError(f"{expression.place}: {expression.source!r} failed: {error}") from error
    except (ValueError, ArithmeticError, KeyError) as error:  # theirs repeat what somebody wrote
        raise ExpressionError(f"{expression.place}: {expression.source!r} failed: {type(error).__name__}") from None


class _Own(threading.local):
    """One evaluator for each thread: to make one costs as much as the expression."""

    def __init__(self) -> None:
        self.evaluator = EvalWithCompoundTypes()


_own = _Own()


@lru_cache(maxsize=4)
def _functions(today: date) -> dict[str, Any]:
    return {
        "known": lambda value: value is not None,
        "days_until": lambda value: (date.fromisoformat(value) - today).days,
        "plus_days": lambda value, days: date.fromordinal(
            date.fromisoformat(value).toordinal() + int(days)
        ).isoformat(),
        "anniversary": lambda value: next_such_day(date.fromisoformat(value), today).isoformat(),
        "count": lambda value: 0 if value is None else len(value),
        "number": float,
        "text": str,
        "min": min,
        "max": max,
    }
