"""The command `kavi`: one module a group of commands. Heavy imports happen inside the command that needs them."""

from __future__ import annotations

import io
import os
import sys
from typing import TYPE_CHECKING

from bot.errors import ConfigError, KaviError, in_words

if TYPE_CHECKING:  # its parser is loaded when there is something to parse
    from typer import Typer

COMPLETE = "_KAVI_COMPLETE"  # set by the shell that asks for completion; its words stand in other variables
INTERRUPTED = 130  # what shells expect after Ctrl-C


def main() -> None:
    """Runs the command line; an error that somebody must repair becomes one sentence and its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without UTF-8 shows a question mark, not a traceback
    try:
        _run(sys.argv[1:])
    except KaviError as error:
        print(f"kavi: {error}", file=sys.stderr)
        raise SystemExit(error.exit_code) from None
    except OSError as error:
        if error.filename is None:  # no file that somebody named: a fault, with its traceback
            raise
        print(f"kavi: {error.filename}: {in_words(error)}. Bitte Pfad und Rechte prüfen.", file=sys.stderr)
        raise SystemExit(ConfigError.exit_code) from None
    except KeyboardInterrupt:
        raise SystemExit(INTERRUPTED) from None


def _run(words: list[str]) -> None:
    # By themselves these two have nothing to parse: they do not wait for the parser of all commands.
    if words == ["chat"]:
        from bot.cli.chat import run_chat

        raise SystemExit(run_chat())
    if words == ["run"]:
        from bot.cli.running import run_run

        raise SystemExit(run_run())
    from bot.cli.commands import app

    _parse(app, words)


def _parse(app: Typer, words: list[str]) -> None:
    """Runs the command that the words name; what is wrong with them is one sentence and the way to help."""
    from typer.main import get_command

    from bot.cli.manual import run_help
    from bot.cli.usage import UsageError, place, sentence

    if (not words or "--help" in words) and COMPLETE not in os.environ:
        raise SystemExit(run_help(get_command(app), words, english="--english" in words))
    if words[:1] == ["--install-completion"]:
        _install_completion(app, words)
    if words == ["--version"]:
        from importlib.metadata import version

        print(f"kavi {version('kavi-bot')}")
        raise SystemExit(0)
    try:
        raise SystemExit(app(args=words, standalone_mode=False) or 0)
    except UsageError as error:
        where = place(error)
        if error.message == "Missing command.":
            run_help(get_command(app), where, english=False)
        else:
            print(f"kavi: {sentence(error)} Hilfe: {' '.join(['kavi help', *where])}", file=sys.stderr)
        raise SystemExit(ConfigError.exit_code) from None


def _install_completion(app: Typer, words: list[str]) -> None:
    """Lets typer write its script and says where it lies, which it says in English. Wrong words go on to be told of."""
    from contextlib import redirect_stdout

    from bot.cli.usage import UsageError

    with redirect_stdout(io.StringIO()) as said:
        try:
            app(args=words, standalone_mode=False)
        except UsageError:
            return
        except SystemExit:
            pass
    print(
        f"Eingerichtet in {said.getvalue().partition(' installed in ')[2].partition(chr(10))[0]}; gilt ab dem nächsten Terminal."
    )
    raise SystemExit(0)


if __name__ == "__main__":
    main()
