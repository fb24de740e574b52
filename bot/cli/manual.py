"""`kavi help`: a page for each command, like a man page, in German or English. `--help` shows the German one.

Names, arguments and options come from the commands themselves; what is added here are examples, exit codes and files.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import Any, Final, Literal

from bot.cli.english import ENGLISH
from bot.cli.manual_texts import EXAMPLES, EXIT_CODES, FILES, MORE, SEE, SETTINGS
from bot.errors import ConfigError

Language = Literal["de", "en"]

_WIDTH: Final = 100
_INDENT: Final = 6
_HEADS: Final = {
    "name": ("NAME", "NAME"),
    "usage": ("AUFRUF", "SYNOPSIS"),
    "more": ("BESCHREIBUNG", "DESCRIPTION"),
    "commands": ("BEFEHLE", "COMMANDS"),
    "arguments": ("ARGUMENTE", "ARGUMENTS"),
    "options": ("OPTIONEN", "OPTIONS"),
    "examples": ("BEISPIELE", "EXAMPLES"),
    "exit": ("ENDE MIT", "EXIT STATUS"),
    "settings": ("EINSTELLUNGEN", "SETTINGS"),
    "files": ("DATEIEN", "FILES"),
    "see": ("SIEHE AUCH", "SEE ALSO"),
}
_VALUES: Final = {
    "int": ("ZAHL", "NUMBER"), "path": ("PFAD", "PATH"), "str": ("TEXT", "TEXT"), "datetime": ("ZEIT", "TIME"),
}  # fmt: skip
_OF_TYPER: Final = {  # the two options that typer brings itself, in English only
    "--install-completion": "Richtet die Vervollständigung mit der Tabulatortaste ein.",
    "--show-completion": "Zeigt das Skript dafür, zum Kopieren.",
}


def run_help(root: Any, words: Sequence[str], *, english: bool) -> int:
    """Prints the page of the command below `root` that the words begin with, of Kavi itself when they begin with none."""
    print(page(root, _named(root, words), "en" if english else "de"), end="")
    return 0


def run_help_of(root: Any, words: Sequence[str], *, english: bool) -> int:
    """As `run_help`. Raises ConfigError when one of the words names no command."""
    if len(_named(root, words)) < len(words):
        raise ConfigError(f"Den Befehl {' '.join(words)!r} gibt es nicht; `kavi help` zeigt alle.")
    return run_help(root, words, english=english)


def _named(root: Any, words: Sequence[str]) -> list[str]:
    """The words at the beginning that name a command."""
    named: list[str] = []
    for word in words:
        root = getattr(root, "commands", {}).get(word)
        if root is None:
            break
        named.append(word)
    return named


def page(root: Any, words: Sequence[str], language: Language) -> str:
    """The page of the command that these words name."""
    command = root
    for word in words:
        command = command.commands[word]
    return "\n".join(_lines(command, list(words), language))


def _lines(command: Any, words: list[str], language: Language) -> Iterator[str]:
    at = 0 if language == "de" else 1
    below = getattr(command, "commands", {})
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    options = [one for one in command.params if one.param_type_name == "option" and one.opts != ["--help"]]
    said = _in(command.help or "", language)
    yield from _section(
        "name", at, [f"{' '.join(['kavi', *words])} - {said if words else said.removeprefix('Kavi: ')}"]
    )
    shown = [_argument(one, language) for one in arguments]
    usage = ["kavi", *words, *(["BEFEHL" if at == 0 else "COMMAND"] if below else shown)]
    yield from _section(
        "usage", at, [" ".join(usage + ([_HEADS["options"][at].lower().join("[]")] if options else []))]
    )
    if told := MORE.get(" ".join(words)):
        yield from _section("more", at, [told[at]])
    yield from _table("commands", at, [(name, _in(one.help or "", language)) for name, one in below.items()])
    yield from _table("arguments", at, [(_argument(one, language), _in(one.help or "", language)) for one in arguments])
    rows = [(_option(one, at), _explained(one, at)) for one in options]
    yield from _table(
        "options", at, rows if words else [*rows, ("--version", ("Zeigt die Fassung.", "Shows the version.")[at])]
    )
    yield from _table("examples", at, [(line, said[at]) for line, said in EXAMPLES.get(" ".join(words), ())])
    if words:
        return
    yield from _table("exit", at, [(code, said[at]) for code, said in EXIT_CODES])
    yield from _section("settings", at, [SETTINGS[at]])
    yield from _table("files", at, [(name, said[at]) for name, said in FILES])
    yield from _section("see", at, [SEE[at]])


def _in(german: str, language: Language) -> str:
    return german if language == "de" else ENGLISH.get(german, german)


def help_of(param: Any) -> str:
    """What an argument or option says of itself, in German."""
    return _OF_TYPER.get(param.opts[0], param.help or "")


def _argument(param: Any, language: Language) -> str:
    name = _in(param.metavar or param.name.upper(), language)
    return name if param.required else f"[{name}]"


def _option(param: Any, at: int) -> str:
    if getattr(param, "is_flag", False):
        return str(param.opts[0])
    kind = param.type.name.removesuffix(" range")
    return f"{param.opts[0]} {_VALUES.get(kind, _VALUES['str'])[at]}"


def _explained(param: Any, at: int) -> str:
    said = _in(help_of(param), "de" if at == 0 else "en")
    if getattr(param, "is_flag", False) or param.default in (None, ""):
        return said
    return f"{said} ({('sonst', 'default')[at]}: {param.default})"


def _section(head: str, at: int, texts: Sequence[str]) -> Iterator[str]:
    yield _HEADS[head][at]
    for text in texts:
        yield from textwrap.wrap(
            text, _WIDTH, initial_indent=" " * _INDENT, subsequent_indent=" " * _INDENT, break_on_hyphens=False
        )
    yield ""


def _table(head: str, at: int, rows: Sequence[tuple[str, str]]) -> Iterator[str]:
    if not rows:
        return
    yield _HEADS[head][at]
    left = max((len(name) for name, _ in rows if len(name) <= 24), default=0) + 2
    for name, said in rows:
        begun = f"{' ' * _INDENT}{name:<{left}}"
        if len(name) > left - 2:
            yield begun.rstrip()
            begun = " " * (_INDENT + left)
        yield from textwrap.wrap(
            said, _WIDTH, initial_indent=begun, subsequent_indent=" " * (_INDENT + left), break_on_hyphens=False
        ) or [begun.rstrip()]
    yield ""
