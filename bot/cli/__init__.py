"""The command `kavi`: one module a group of commands. Heavy imports happen inside the command that needs them."""

from __future__ import annotations

import sys

from bot.errors import ConfigError, KaviError, in_words

INTERRUPTED = 130  # what shells expect after Ctrl-C


def main() -> None:
    """Runs the command line; an error that somebody must repair becomes one sentence and its exit code."""
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

    app(standalone_mode=True)


if __name__ == "__main__":
    main()
