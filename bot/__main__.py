"""`python -m bot` is `kavi`."""

from bot.cli import main

main()
