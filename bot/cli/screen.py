"""What a conversation looks like in a terminal: a few colours, lines broken between words.

Rich does more, but takes as long to load as the rest of the talk takes to begin.
"""

from __future__ import annotations

import os
import shutil
import textwrap
from typing import Final, TextIO

from bot.dialogue import effects as fx
from bot.ports import Outbound
from bot.text.spans import parse, plain

# ANSI: bold green, bold cyan, bold magenta, yellow, dim
_STYLES: Final = {"kavi": "1;32", "person": "1;36", "team": "1;35", "number": "33", "aside": "2"}
_NARROWEST: Final = 20  # columns


class Screen:
    """Writes to a terminal, in colours unless NO_COLOR is set or it has none. `indent` is where its lines begin.

    A screen that is moved to the right is the team's.
    """

    def __init__(self, target: TextIO, indent: int = 0) -> None:
        self._target = target
        self._indent = " " * indent
        self._voice = "team" if indent else "kavi"
        self._coloured = target.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"

    def head(self, title: str) -> None:
        """Whose screen the following lines stand on."""
        self._write(f"{self._indent}{self._styled(f'[{title}]', self._voice)}\n")

    def say(self, name: str, text: str) -> None:
        """A message of Kavi's with the name before it."""
        taken = len(f"{self._indent}{name}: ")
        first, *more = self._lines(text, taken)
        self._write(f"{self._indent}{self._styled(f'{name}:', self._voice)} {first[taken:]}\n")
        for line in more:
            self._write(f"{line}\n")

    def line(self, text: str) -> None:
        """Something that nobody says, such as a sign below a message."""
        for line in self._lines(text, len(self._indent)):
            self._write(f"{line}\n")

    def offer(self, number: int | str, label: str) -> None:
        """One of the choices below a message."""
        self._write(f"{self._indent}  {self._styled(str(number), 'number')} {label}\n")

    def ask(self, name: str) -> None:
        """The name of who is to write, with the cursor behind it."""
        self._write(f"{self._styled(f'{name}:', 'person')} ")
        self._target.flush()

    def note(self, text: str) -> None:
        """What belongs to the program, not to the conversation."""
        for line in self._lines(text, 0):
            self._write(f"{self._styled(line, 'aside')}\n")

    def echo(self, line: str) -> None:
        """What was typed, where nobody sees it being typed."""
        self._write(f"{line}\n")

    def clear(self) -> None:
        """Empties a terminal with all that scrolled away; what goes elsewhere stays as it is."""
        if self._target.isatty():
            self._write("\033[2J\033[3J\033[H")

    def end(self) -> None:
        """An empty line; all of it is on the screen now."""
        self._write("\n")
        self._target.flush()

    def _lines(self, text: str, taken: int) -> list[str]:
        """The text in lines that fit; the first begins with as many blanks as columns are taken there, the others at the indent."""
        width = max(_NARROWEST, shutil.get_terminal_size().columns)
        lines: list[str] = []
        for line in text.split("\n"):
            indent = self._indent if lines else " " * taken
            lines += textwrap.wrap(
                line, width, initial_indent=indent, subsequent_indent=self._indent, break_on_hyphens=False,
                replace_whitespace=False,
            ) or [indent]  # fmt: skip
        return lines

    def _styled(self, text: str, style: str) -> str:
        return f"\033[{_STYLES[style]}m{text}\033[0m" if self._coloured and text else text

    def _write(self, text: str) -> None:
        self._target.write(text)


def _shown(attachment: fx.Attachment) -> str:
    """A terminal shows no pictures: what is on it, or the name of the file."""
    if attachment.kind == "picture" and attachment.description:
        return f"[Bild: {attachment.description}]"
    return f"[Datei: {attachment.name}]"


def plain_text(outbound: Outbound) -> str:
    """The text without its markup, and what files come with it."""
    text = plain(parse(outbound.text)) if outbound.markup else outbound.text
    files = "".join(f"\n{_shown(attachment)}" for attachment in outbound.attachments)
    return f"{text}{files}"
