"""The command `kavi`: one module a group of commands. Heavy imports happen inside the command that needs them."""

from __future__ import annotations

import sys

from bot.errors import KaviError


def main() -> None:
    """Runs the command line; an error that somebody must repair becomes one sentence and its exit code."""
    from bot.cli.commands import app

    try:
        app(standalone_mode=True)
    except KaviError as error:
        print(f"kavi: {error}", file=sys.stderr)
        raise SystemExit(error.exit_code) from None


if __name__ == "__main__":
    main()
