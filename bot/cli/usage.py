"""What is wrong with a command line, in German. Typer says it in English only."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any, Final

import typer

UsageError: Final[type[Any]] = typer.BadParameter.__mro__[1]
"""Typer's own copy of click has no public name for it."""

_KINDS: Final = {
    "int": "eine ganze Zahl", "float": "eine Zahl", "datetime": "ein Zeitpunkt wie 2026-11-25T13:00", "path": "ein Pfad",
    "boolean": "ja oder nein",
}  # fmt: skip


def sentence(error: Any) -> str:
    """One sentence for a command line that cannot be read."""
    kind = type(error).__name__
    if kind == "MissingParameter":
        return f"Es fehlt {_named(error.param)}."
    if kind == "NoSuchOption":
        return f"Die Option {error.option_name} gibt es nicht{_meant(error.possibilities or ())}."
    if kind == "BadOptionUsage":
        needs = "braucht einen Wert" if "requires" in error.message else "nimmt keinen Wert"
        return f"Die Option {error.option_name} {needs}."
    if kind == "BadParameter" and error.param is not None:
        return f"Der Wert von {_named(error.param)} stimmt nicht; erwartet wird {_expected(error.param.type)}."
    command = error.ctx.command if error.ctx is not None else None
    below = getattr(command, "commands", {})
    if below and error.message.startswith("No such command"):
        wrong = error.message.split("'")[1]
        return f"Den Befehl {wrong!r} gibt es nicht{_meant(get_close_matches(wrong, list(below)))}."
    if error.message.startswith("Got unexpected extra argument"):
        return f"Das ist zu viel: {error.message.partition('(')[2].partition('(')[2].rstrip(').')}."
    return str(error.message)


def place(error: Any) -> list[str]:
    """The command that was meant, such as `staff add`, word by word; empty when it is Kavi itself."""
    return [str(context.info_name) for context in _upwards(error.ctx) if context.parent is not None][::-1]


def _upwards(context: Any) -> Iterable[Any]:
    while context is not None:
        yield context
        context = context.parent


def _named(param: Any) -> str:
    return str((param.metavar or param.name.upper()) if param.param_type_name == "argument" else param.opts[0])


def _meant(near: Iterable[str]) -> str:
    found = " oder ".join(near)
    return f"; gemeint ist vielleicht {found}" if found else ""


def _expected(kind: Any) -> str:
    said = _KINDS.get(kind.name.removesuffix(" range"), kind.name)
    least, most = getattr(kind, "min", None), getattr(kind, "max", None)
    if least is not None and most is not None:
        return f"{said} von {least} bis {most}"
    return f"{said} ab {least}" if least is not None else said
